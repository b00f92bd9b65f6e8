// The RPCs of MemoryService, a line each; no rules.
#pragma once

#include "services/memory/goals/goals.h"
#include "services/memory/journal/journal.h"
#include "services/memory/keys/keys.h"
#include "services/memory/memories/memories.h"
#include "services/memory/memories/observations.h"
#include "services/memory/memories/recall.h"
#include "services/memory/memories/summaries.h"
#include "services/memory/profile/profiles.h"
#include "shared/executor/executor.h"
#include "shared/methods/method_table.h"

namespace dramatis::memory {

// The use cases behind the RPCs. References outlive the table.
struct UseCases {
  Profiles& profiles;
  Memories& memories;
  Journal& journal;
  Goals& goals;
  Recall& recall;
  Keys& keys;
  Observations& observations;
  Summaries& summaries;
};

// What may wait for a model runs on `patient`, so that a recall, which a turn waits for, never
// waits behind it.
void ServeMemory(MethodTable& rpc, const UseCases& use_cases, Executor& patient);

}  // namespace dramatis::memory
