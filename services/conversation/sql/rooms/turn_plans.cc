#include <optional>
#include <utility>

#include "services/conversation/model/room_views.h"
#include "services/conversation/sql/rooms/choices.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/turn_rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// A turn that nobody has taken yet answers the newest message of a human: one reply to a burst of
// them. The list of states is that of the index.
constexpr Statement kMoveTurn = {R"(
  update turns
  set trigger_message_id = $3, trigger_sequence = $4, lease_expires_at = $5, depth = $6,
    score = $7, requested = (requested or $8), updated_at = $9, payer_id = $10, payer_key = $11
  where conversation_id = $1 and persona_id = $2 and state in ('pending', 'running')
    and state = 'pending' and attempt = 0
  returning turn_id)"};

constexpr Statement kSelectPending = {R"(
  select turn_id
  from turns
  where conversation_id = $1 and persona_id = $2 and state in ('pending', 'running')
    and state = 'pending')"};

// Moves the persona's turn that has not begun, or makes one. nullopt where it answers another AI
// and has one to begin already: it will hear that message too.
absl::StatusOr<std::optional<std::string>> PlanOne(Transaction& tx,
                                                   const RoomRow& room,
                                                   const MessageRow& message,
                                                   const PlannedTurnRow& turn,
                                                   const TurnPayer& payer,
                                                   absl::Time now) {
  const std::string& conversation_id = room.conversation_id;
  const Bytes score{turn.score.SerializeAsString()};
  const std::string payer_id = payer.user_id == room.user_id ? "" : payer.user_id;
  if (turn.depth > 0) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows pending,
                              tx.Execute(kSelectPending, {conversation_id, turn.persona_id}));
    if (!pending.empty()) return std::nullopt;
  } else {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows moved,
        tx.Execute(kMoveTurn,
                   {conversation_id, turn.persona_id, message.message_id, message.sequence,
                    turn.due_at, turn.depth, score, turn.requested, now, payer_id, payer.key}));
    if (!moved.empty()) return moved.front().Text(0);
  }
  TurnRow row;
  row.conversation_id = conversation_id;
  row.turn_id = turn.turn_id;
  row.user_id = room.user_id;
  row.payer_id = payer_id;
  row.payer_key = payer.key;
  row.persona_id = turn.persona_id;
  row.trigger_message_id = message.message_id;
  row.trigger_sequence = message.sequence;
  row.state = TurnState::kPending;
  row.attempt = 0;
  row.fence = 0;
  row.lease.expires_at = turn.due_at;
  row.depth = turn.depth;
  row.requested = turn.requested;
  row.score = score.data;
  row.created_at = row.updated_at = now;
  DRAMATIS_RETURN_IF_ERROR(InsertTurn(tx, row));
  return turn.turn_id;
}

}  // namespace

absl::StatusOr<std::vector<PlannedTurnRow>> PlanTurns(Transaction& tx,
                                                      const Room& room,
                                                      const MessageRow& message,
                                                      const std::vector<PlannedTurnRow>& planned,
                                                      const TurnPayer& payer,
                                                      absl::Time now) {
  const std::string& id = room.row.conversation_id;
  std::vector<PlannedTurnRow> turns;
  for (PlannedTurnRow turn : planned) {
    if (turn.model_picks) {
      DRAMATIS_ASSIGN_OR_RETURN(const bool written,
                                WriteChoice(tx, id, message.message_id, turn.depth, payer));
      if (written) turns.push_back(std::move(turn));
      continue;
    }
    if (FindParticipant(room, turn.persona_id) == nullptr) {
      return InternalError("a turn planned for nobody");
    }
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<std::string> turn_id,
                              PlanOne(tx, room.row, message, turn, payer, now));
    if (!turn_id.has_value()) continue;
    turn.turn_id = *std::move(turn_id);
    DRAMATIS_RETURN_IF_ERROR(AppendEvent(
        tx, id,
        TurnEvent(turn.turn_id, turn.persona_id, TurnState::kPending, now, turn.score.reason())));
    turns.push_back(std::move(turn));
  }
  return turns;
}

}  // namespace dramatis::conversation
