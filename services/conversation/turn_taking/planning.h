// The turns that answer a message: who speaks (turn_taking/turn_taking.h), and when
// (turn_taking/delay.h).
//
//   const TurnPlanning planning(ids, {.delays = true});
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
  // What time turns are due by, see shared/sql/lease_clock.h; without, that of the message.
  const Clock* leases = nullptr;
};

class TurnPlanning {
 public:
  // References outlive the planners it makes.
  TurnPlanning(IdSource& ids, PlanningOptions options) : ids_(ids), options_(options) {}

  // The turns that answer `message`, best speaker first. `depth`: theirs.
  std::vector<PlannedTurnRow> Plan(const Room& room,
                                   const std::vector<RoomMessageRow>& recent,
                                   const RoomMessageRow& message,
                                   int depth) const;

  // Answers to what humans say.
  TurnPlanner OfHumans() const;
  // Answers to what a turn of `depth` has said.
  TurnPlanner After(int depth) const;

 private:
  IdSource& ids_;
  const PlanningOptions options_;
};

}  // namespace dramatis::conversation
