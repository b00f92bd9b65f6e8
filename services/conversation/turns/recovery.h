// Takes up turns whose worker is gone: at the start, and whenever a lease expires.
// Thread-safe.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/turns/worker.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// A turn whose attempts ended with their process this many times in a row is given up.
inline constexpr int kMaxInterruptions = 5;

class Recovery {
 public:
  Recovery(const TurnTools& tools, LiveTurns& live_turns, TurnWorker& worker)
      : tools_(tools), live_turns_(live_turns), worker_(worker) {}

  // Takes over every open turn that does not run here and whose lease has expired; with `any_lease`
  // whatever its lease, for a store that no other process can have open. Answers how many.
  absl::StatusOr<int> Recover(bool any_lease);

  // Runs a turn of a room if it is due, or to be cancelled, and nobody works on it; answers whether
  // it was.
  absl::StatusOr<bool> Claim(const WaitingTurn& turn, bool any_lease = false);

  // The call that a turn is which nobody waits for any more, or not yet.
  CallContext CallOf(const std::string& turn_id) const;

 private:
  absl::StatusOr<int> RecoverSessions(bool any_lease);
  absl::StatusOr<int> RecoverRooms(bool any_lease);
  void Take(const TurnJob& job);

  const TurnTools tools_;
  LiveTurns& live_turns_;
  TurnWorker& worker_;
};

}  // namespace dramatis::conversation
