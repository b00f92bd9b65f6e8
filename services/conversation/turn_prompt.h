// What goes into a turn's prompt: persona's part, what memory recalls and the history, read at the
// same time, as one request to inference. Blocks.
#pragma once

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/peers.h"
#include "services/conversation/store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

// What everybody who works on turns needs. References outlive them.
struct TurnTools {
  Store& store;
  PersonaPeer& personas;
  MemoryPeer& memories;
  InferencePeer& inference;
  const Clock& clock;
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
};

// The request for the turn, all but its key. Persona and memory are asked twice before the turn
// fails: with persona's error, or UNAVAILABLE. Nothing that could not be read is taken for empty.
// Renews persona's hold of the conversation where it would end before the session does.
absl::StatusOr<dramatis::inference::v1::StreamGenerateRequest> PreparePrompt(
    const TurnTools& tools, const TurnJob& job, const CallContext& call);

// The messages up to the one that the turn answers, in time order, as many of the newest as
// kMaxHistoryBytes and kMaxHistoryMessages allow, and that one in any case.
absl::StatusOr<std::vector<MessageRow>> ReadHistory(Store& store, const TurnRow& turn);

}  // namespace dramatis::conversation
