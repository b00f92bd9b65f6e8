#include "services/conversation/turns/turn_end.h"

#include <utility>

#include "services/conversation/model/room_rows.h"
#include "services/conversation/turn_taking/planning.h"

namespace dramatis::conversation {

absl::StatusOr<EndedTurn> StoreTurnEnd(const TurnTools& tools,
                                       const TurnJob& job,
                                       const TurnEnd& end) {
  // What was cut off, or is ours, is nobody's to answer.
  const bool answerable =
      end.in_room && end.state == TurnState::kDone && end.finish_reason != kFallback;
  return tools.turns.EndTurn(end,
                             answerable ? tools.planning.After(job.turn.depth) : TurnPlanner());
}

bool FallsBack(const TurnJob& job) {
  return job.room != nullptr && job.room->row.settings.fallback_replies();
}

void FallBack(std::string message_id, TurnEnd& end) {
  end.state = TurnState::kDone;
  end.text = kFallbackText;
  end.message_id = std::move(message_id);
  end.finish_reason = kFallback;
  end.model.clear();
  end.manifest.clear();
}

}  // namespace dramatis::conversation
