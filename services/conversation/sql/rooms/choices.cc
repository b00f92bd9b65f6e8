#include "services/conversation/sql/rooms/choices.h"

#include <utility>

#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kWriteChoice = {R"(
  insert into speaker_choices (conversation_id, message_id, depth, payer_id, payer_key, fence,
    attempts, lease_expires_at)
  values ($1, $2, $3, $4, $5, 1, 0, 0)
  on conflict (conversation_id) do update
  set message_id = excluded.message_id, depth = excluded.depth, payer_id = excluded.payer_id,
    payer_key = excluded.payer_key, fence = speaker_choices.fence + 1, attempts = 0,
    lease_expires_at = 0
  where excluded.depth = 0
  returning conversation_id)"};

constexpr Statement kSelectDueChoices = {R"(
  select conversation_id
  from speaker_choices
  where lease_expires_at <= $1 or $2
  order by lease_expires_at, conversation_id
  limit cast($3 as bigint))"};

constexpr Statement kClaimChoice = {R"(
  update speaker_choices
  set lease_expires_at = $3, fence = fence + 1, attempts = attempts + 1
  where conversation_id = $1 and (lease_expires_at <= $2 or $4)
  returning message_id, depth, payer_id, payer_key, fence, attempts)"};

constexpr Statement kDeleteChoice = {"delete from speaker_choices where conversation_id = $1"};

constexpr Statement kTakeChoice = {R"(
  delete from speaker_choices
  where conversation_id = $1 and fence = $2
  returning conversation_id)"};

absl::StatusOr<std::optional<Room>> LockActiveRoom(Transaction& tx,
                                                   const std::string& conversation_id,
                                                   absl::Time now) {
  absl::StatusOr<Room> room = LockRoomAt(tx, conversation_id, now);
  if (absl::IsNotFound(room.status())) return std::nullopt;
  if (!room.ok()) return std::move(room).status();
  if (room->row.status != RoomStatus::kActive) return std::nullopt;
  return *std::move(room);
}

// The message and those before it; nullopt where it cannot be read any more.
absl::StatusOr<std::optional<MessageRow>> FindAsked(Transaction& tx,
                                                    const ChoiceRow& choice,
                                                    std::vector<MessageRow>& recent) {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<MessageRow> message,
                            SelectMessage(tx, choice.conversation_id, choice.message_id));
  if (!message.has_value() || message->hidden) return std::nullopt;
  DRAMATIS_ASSIGN_OR_RETURN(
      recent, SelectRecentMessages(tx, choice.conversation_id, message->sequence, kRecentMessages));
  return message;
}

absl::StatusOr<std::optional<ChoiceJob>> Claim(Transaction& tx,
                                               const std::string& conversation_id,
                                               absl::Time now,
                                               absl::Time until,
                                               bool any_lease) {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, LockActiveRoom(tx, conversation_id, now));
  ChoiceJob job;
  ChoiceRow& choice = job.choice;
  choice.conversation_id = conversation_id;
  if (room.has_value()) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows claimed,
                              tx.Execute(kClaimChoice, {conversation_id, now, until, any_lease}));
    if (claimed.empty()) return std::nullopt;
    const sql::Row& row = claimed.front();
    choice.message_id = row.Text(0);
    choice.depth = row.Int(1);
    choice.payer = {.user_id = row.Text(2), .key = row.Text(3)};
    choice.fence = row.Int64(4);
    choice.attempts = row.Int(5);
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<MessageRow> message, FindAsked(tx, choice, job.recent));
    if (message.has_value()) {
      job.room = *std::move(room);
      job.message = *std::move(message);
      return job;
    }
  }
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteChoice, {conversation_id}).status());
  return std::nullopt;
}

absl::StatusOr<std::vector<WaitingTurn>> StoreIn(Transaction& tx,
                                                 const ChoiceRow& choice,
                                                 const TurnPlanner& plan,
                                                 absl::Time now) {
  const std::string& id = choice.conversation_id;
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, LockActiveRoom(tx, id, now));
  DRAMATIS_ASSIGN_OR_RETURN(const Rows taken, tx.Execute(kTakeChoice, {id, choice.fence}));
  std::vector<WaitingTurn> waiting;
  if (taken.empty() || !room.has_value()) return waiting;
  std::vector<MessageRow> recent;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> message, FindAsked(tx, choice, recent));
  if (!message.has_value()) return waiting;
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::vector<PlannedTurnRow> turns,
      PlanTurns(tx, *room, *message, plan(*room, recent, *message), choice.payer, now));
  for (const PlannedTurnRow& turn : turns)
    waiting.push_back({id, turn.turn_id, turn.due_at});
  return waiting;
}

}  // namespace

absl::StatusOr<bool> WriteChoice(Transaction& tx,
                                 const std::string& conversation_id,
                                 const std::string& message_id,
                                 int depth,
                                 const TurnPayer& payer) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows written,
      tx.Execute(kWriteChoice, {conversation_id, message_id, depth, payer.user_id, payer.key}));
  return !written.empty();
}

absl::StatusOr<std::vector<std::string>> SqlChoiceStore::ListDueChoices(absl::Time now,
                                                                        bool any_lease,
                                                                        int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectDueChoices, {now, any_lease, limit});
  }));
  std::vector<std::string> due;
  due.reserve(rows.size());
  for (const sql::Row& row : rows)
    due.push_back(row.Text(0));
  return due;
}

absl::StatusOr<std::optional<ChoiceJob>> SqlChoiceStore::ClaimChoice(
    const std::string& conversation_id, absl::Time now, absl::Time until, bool any_lease) {
  return database_.Write(
      [&](Transaction& tx) { return Claim(tx, conversation_id, now, until, any_lease); });
}

absl::StatusOr<std::vector<WaitingTurn>> SqlChoiceStore::StoreChoice(const ChoiceRow& choice,
                                                                     const TurnPlanner& plan,
                                                                     absl::Time now) {
  auto stored = WriteToRoom(database_, feed_, choice.conversation_id, now,
                            [&](Transaction& tx) { return StoreIn(tx, choice, plan, now); });
  if (stored.ok() && !stored->empty()) feed_.Changed(choice.conversation_id);
  return stored;
}

}  // namespace dramatis::conversation
