// What sessions need from time to time, whoever calls or not: persona's holds of those that have
// expired or were ended are given up, those of others renewed. Any number of replicas may do it at
// the same time.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "services/conversation/model/turn_tools.h"

namespace dramatis::conversation {

class SessionUpkeep {
 public:
  explicit SessionUpkeep(const TurnTools& tools) : tools_(tools) {}

  // One round, or less of it once `ending` says so. Blocks. What fails is tried again in the next
  // one.
  absl::Status Run(const std::function<bool()>& ending = [] { return false; });

 private:
  absl::Status Tend(const SessionRow& session, absl::Time now);
  absl::Status GiveUp(const SessionRow& session, absl::Time now);

  const TurnTools& tools_;
};

}  // namespace dramatis::conversation
