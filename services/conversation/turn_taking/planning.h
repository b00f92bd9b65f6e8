// The turns that answer a message: who speaks (turn_taking/turn_taking.h), and when
// (turn_taking/delay.h).
//
//   const TurnPlanning planning(ids, lease_clock);
//   message.plan = planning.OfHumans();   // for RoomStore::AppendRoomMessage
//
// Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "services/conversation/model/room_store.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

struct PlanningOptions {
  // Without, every turn is due at once.
  bool delays = true;
};

class TurnPlanning {
 public:
  // Turns are due by the time of `leases`, see shared/sql/lease_clock.h. References outlive the
  // planners it makes.
  TurnPlanning(IdSource& ids, const Clock& leases, PlanningOptions options = {})
      : ids_(ids), leases_(leases), options_(options) {}

  // The turns that answer `message`, best speaker first. `depth`: theirs.
  std::vector<PlannedTurnRow> Plan(const Room& room,
                                   const std::vector<MessageRow>& recent,
                                   const MessageRow& message,
                                   int depth) const;

  // Answers to what humans say.
  TurnPlanner OfHumans() const;
  // Answers to what a turn of `depth` has said.
  TurnPlanner After(int depth) const;

 private:
  IdSource& ids_;
  const Clock& leases_;
  const PlanningOptions options_;
};

}  // namespace dramatis::conversation
