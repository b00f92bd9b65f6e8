#include "services/conversation/turn_taking/planning.h"

#include <utility>

#include "services/conversation/model/room_views.h"
#include "services/conversation/turn_taking/delay.h"
#include "services/conversation/turn_taking/turn_taking.h"

namespace dramatis::conversation {

std::vector<PlannedTurnRow> TurnPlanning::Plan(const Room& room,
                                               const std::vector<MessageRow>& recent,
                                               const MessageRow& message,
                                               int depth) const {
  if (!CandidatesOf(room, recent, message, depth).empty()) {
    PlannedTurnRow picked;
    picked.depth = depth;
    picked.due_at = leases_.Now();
    picked.model_picks = true;
    return {picked};
  }
  return TurnsOf(room, message, depth, ChooseSpeakers(room, recent, message, depth));
}

std::vector<PlannedTurnRow> TurnPlanning::TurnsOf(const Room& room,
                                                  const MessageRow& message,
                                                  int depth,
                                                  std::vector<Speaker> speakers) const {
  std::vector<PlannedTurnRow> turns;
  for (Speaker& speaker : speakers) {
    const ParticipantRow* const participant = FindParticipant(room, speaker.persona_id);
    dramatis::persona::v1::RenderPersonaResponse facts;
    if (participant != nullptr) facts.ParseFromString(participant->facts);
    facts.set_persona_id(speaker.persona_id);
    PlannedTurnRow turn;
    turn.turn_id = ids_.NewId();
    turn.persona_id = speaker.persona_id;
    turn.due_at = leases_.Now();
    if (options_.delays) {
      turn.due_at +=
          ResponseDelay(room.row.conversation_id, facts, message.message_id, message.content);
    }
    turn.depth = depth;
    turn.score = std::move(speaker.score);
    turns.push_back(std::move(turn));
  }
  return turns;
}

TurnPlanner TurnPlanning::Picked(int depth, Pick pick) const {
  return [planning = *this, depth, pick = std::move(pick)](
             const Room& room, const std::vector<MessageRow>& recent, const MessageRow& message) {
    return planning.TurnsOf(room, message, depth,
                            PickedSpeakers(room, recent, message, depth, pick));
  };
}

TurnPlanner TurnPlanning::OfHumans() const {
  return After(-1);
}

TurnPlanner TurnPlanning::After(int depth) const {
  return [planning = *this, next = depth + 1](
             const Room& room, const std::vector<MessageRow>& recent, const MessageRow& message) {
    return planning.Plan(room, recent, message, next);
  };
}

}  // namespace dramatis::conversation
