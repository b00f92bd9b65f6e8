// Turns that other processes run, as seen from here. The gRPC version is in peers/replica_mirror.h.
#pragma once

#include <memory>
#include <string>

#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/turn_row.h"

namespace dramatis::conversation {

class ReplicaPeer {
 public:
  virtual ~ReplicaPeer() = default;
  // A mirror of an open turn: it grows as the turn does, wherever that runs, and ends with its
  // outcome. Several followers share one.
  virtual std::shared_ptr<LiveTurn> Follow(const TurnRow& turn) = 0;
  // Something has happened to a turn that may be followed here: it is looked at now.
  virtual void Look(const std::string& turn_id) = 0;
  // Goes on feeding a live turn that this process no longer runs.
  virtual void Adopt(const std::shared_ptr<LiveTurn>& turn) = 0;
};

}  // namespace dramatis::conversation
