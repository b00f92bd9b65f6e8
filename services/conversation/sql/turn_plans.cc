#include <optional>
#include <utility>

#include "services/conversation/model/room_views.h"
#include "services/conversation/sql/room_rows.h"
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
    score = $7, requested = (requested or $8), updated_at = $9
  where conversation_id = $1 and persona_id = $2 and state in ('pending', 'running')
    and state = 'pending' and attempt = 0
  returning turn_id)"};

constexpr Statement kSelectPending = {R"(
  select turn_id
  from turns
  where conversation_id = $1 and persona_id = $2 and state in ('pending', 'running')
    and state = 'pending')"};

constexpr Statement kInsertPlannedTurn = {R"(
  insert into turns (conversation_id, turn_id, user_id, session_id, persona_id,
    trigger_message_id, trigger_sequence, state, attempt, interruptions, fence, lease_owner,
    lease_address, lease_expires_at, cancel_requested, text, reply_message_id, finish_reason,
    model, usage, manifest, error, created_at, updated_at, depth, score, requested)
  values ($1, $2, $3, '', $4, $5, $6, 'pending', 0, 0, 0, '', '', $7, $8, '', '', '', '', $9, $9,
    $9, $10, $10, $11, $12, $13))"};

// Moves the persona's turn that has not begun, or makes one. nullopt where it answers another AI
// and has one to begin already: it will hear that message too.
absl::StatusOr<std::optional<std::string>> PlanOne(Transaction& tx,
                                                   const RoomRow& room,
                                                   const RoomMessageRow& message,
                                                   const PlannedTurnRow& turn,
                                                   absl::Time now) {
  const std::string& conversation_id = room.conversation_id;
  const Bytes score{turn.score.SerializeAsString()};
  if (turn.depth > 0) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows pending,
                              tx.Execute(kSelectPending, {conversation_id, turn.persona_id}));
    if (!pending.empty()) return std::nullopt;
  } else {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows moved, tx.Execute(kMoveTurn, {conversation_id, turn.persona_id,
                                                 message.message_id, message.sequence, turn.due_at,
                                                 turn.depth, score, turn.requested, now}));
    if (!moved.empty()) return moved.front().Text(0);
  }
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kInsertPlannedTurn, {conversation_id, turn.turn_id, room.user_id, turn.persona_id,
                                      message.message_id, message.sequence, turn.due_at, false,
                                      Bytes{}, now, turn.depth, score, turn.requested})
          .status());
  return turn.turn_id;
}

}  // namespace

absl::StatusOr<std::vector<PlannedTurnRow>> PlanTurns(Transaction& tx,
                                                      const Room& room,
                                                      const RoomMessageRow& message,
                                                      const std::vector<PlannedTurnRow>& planned,
                                                      absl::Time now) {
  const std::string& id = room.row.conversation_id;
  std::vector<PlannedTurnRow> turns;
  for (PlannedTurnRow turn : planned) {
    if (FindParticipant(room, turn.persona_id) == nullptr) {
      return InternalError("a turn planned for nobody");
    }
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<std::string> turn_id,
                              PlanOne(tx, room.row, message, turn, now));
    if (!turn_id.has_value()) continue;
    turn.turn_id = *std::move(turn_id);
    DRAMATIS_RETURN_IF_ERROR(
        AppendEvent(tx, id, EventKind::kTurn, turn.turn_id, "pending " + turn.persona_id, now));
    turns.push_back(std::move(turn));
  }
  return turns;
}

}  // namespace dramatis::conversation
