// What rooms need from time to time, whoever calls or not: rooms whose time is over are closed, and
// persona's holds renewed or given up, and persona told whose types rooms hide. Any number of
// replicas may do it at the same time.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/conversation/model/room_tools.h"

namespace dramatis::conversation {

inline constexpr absl::Duration kUpkeepInterval = absl::Seconds(2);

class RoomUpkeep {
 public:
  explicit RoomUpkeep(const RoomTools& tools) : tools_(tools) {}

  // One round, or less of it once `ending` says so. Blocks. What fails is tried again in the next
  // one.
  absl::Status Run(const std::function<bool()>& ending = [] { return false; });

 private:
  absl::Status CloseOverdue();
  absl::Status TendHolds(const std::function<bool()>& ending);
  absl::Status ShareDueMasks(const std::function<bool()>& ending);
  // Gives up the holds of those that are no longer there; false if one could not be given up.
  bool ReleaseWhoLeft(const Room& room, absl::Time now);
  // Has every persona of the room that is still there held for longer.
  absl::Status Renew(const Room& room, absl::Time until);

  const RoomTools tools_;
};

}  // namespace dramatis::conversation
