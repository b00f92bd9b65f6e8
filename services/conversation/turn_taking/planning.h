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
#include "services/conversation/turn_taking/turn_taking.h"
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

  // The turns that answer `message`, best speaker first; or the one that a model is to give.
  // `depth`: theirs.
  std::vector<PlannedTurnRow> Plan(const Room& room,
                                   const std::vector<MessageRow>& recent,
                                   const MessageRow& message,
                                   int depth) const;

  // The turns that answer it once a model was asked whose turn it is.
  TurnPlanner Picked(int depth, Pick pick) const;

  // Answers to what humans say.
  TurnPlanner OfHumans() const;
  // Answers to what a turn of `depth` has said.
  TurnPlanner After(int depth) const;

 private:
  std::vector<PlannedTurnRow> TurnsOf(const Room& room,
                                      const MessageRow& message,
                                      int depth,
                                      std::vector<Speaker> speakers) const;

  IdSource& ids_;
  const Clock& leases_;
  const PlanningOptions options_;
};

}  // namespace dramatis::conversation
