#include <optional>
#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/sql/message_rows.h"
#include "services/conversation/sql/once.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/turn_rows.h"
#include "services/conversation/sql/turn_store.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Takes the session for a turn that answers the message of this number again, or for the choice
// between its answers ('' for the turn): nothing but a reply may come after it.
constexpr Statement kReserveNewest = {R"(
  update conversations
  set active_turn_id = $2, last_activity_at = $3, expires_at = $3 + ttl
  where conversation_id = $1 and active_turn_id = '' and ended_at is null and expires_at > $3
    and last_sequence <= $4
  returning )" SESSION_COLUMNS};

constexpr Statement kNextAlternative = {R"(
  select max(alternative) + 1
  from turns
  where conversation_id = $1 and persona_id = $2 and trigger_message_id = $3)"};

constexpr SqlText kSelectAlternatives = {"select ", NamesOf(kTurnColumns, "t."), ", ", kReplyNames,
                                         R"(
  from turns t
    left join messages m
      on m.conversation_id = t.conversation_id and m.message_id = t.reply_message_id
  where t.conversation_id = $1 and t.persona_id = $2 and t.trigger_message_id = $3
  order by t.alternative)"};

absl::Status NotTheLast() {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NOT_THE_LAST_REPLY,
               "something was said after the message that the turn answers");
}

// The session, reserved for `active_turn_id`, where `turn` answers its newest message.
absl::StatusOr<SessionRow> ReserveNewest(Transaction& tx,
                                         const TurnRow& turn,
                                         const std::string& active_turn_id,
                                         absl::Time now) {
  const std::string& id = turn.conversation_id;
  const int last = turn.trigger_sequence + 1;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kReserveNewest, {id, active_turn_id, now, last}));
  if (rows.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> row, SelectSession(tx, id));
    if (!row.has_value()) return NotFoundError("turn");
    absl::Status refusal = Refusal(*row, /*persona_id=*/"", now);
    return absl::IsAborted(refusal) && row->last_sequence > last ? NotTheLast() : refusal;
  }
  SessionRow session = ToSession(rows.front());
  if (session.last_sequence < last) return session;
  // Where the turn failed, what comes next may be another message of the user's.
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> reply,
                            ReplyAfter(tx, id, turn.trigger_sequence));
  if (!reply.has_value()) return NotTheLast();
  return session;
}

absl::StatusOr<std::vector<TurnRow>> Alternatives(Transaction& tx, const TurnRow& turn) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kSelectAlternatives, {turn.conversation_id, turn.persona_id,
                                                             turn.trigger_message_id}));
  std::vector<TurnRow> turns;
  turns.reserve(rows.size());
  for (const sql::Row& row : rows)
    turns.push_back(ToTurnWithReply(row));
  return turns;
}

absl::StatusOr<TurnJob> Another(Transaction& tx, const AnotherAnswer& another) {
  DRAMATIS_RETURN_IF_ERROR(ReserveNewest(tx, another.turn, another.turn_id, another.now).status());
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows next,
      tx.Execute(kNextAlternative, {another.turn.conversation_id, another.turn.persona_id,
                                    another.turn.trigger_message_id}));
  TurnRow row;
  row.conversation_id = another.turn.conversation_id;
  row.turn_id = another.turn_id;
  row.user_id = another.turn.user_id;
  row.session_id = another.turn.session_id;
  row.persona_id = another.turn.persona_id;
  row.trigger_message_id = another.turn.trigger_message_id;
  row.trigger_sequence = another.turn.trigger_sequence;
  row.alternative = next.front().Int(0);
  row.lease = another.lease;
  row.wanted_model = another.model;
  row.payer_key = another.payer_key;
  row.created_at = row.updated_at = another.now;
  DRAMATIS_RETURN_IF_ERROR(InsertTurn(tx, row));
  return SessionJobOf(tx, std::move(row));
}

MessageRow ReplyOfTurn(const TurnRow& turn) {
  MessageRow reply;
  reply.message_id = turn.reply_message_id;
  reply.persona_id = turn.persona_id;
  reply.content = turn.text;
  reply.created_at = turn.reply_created_at;
  reply.turn_id = turn.turn_id;
  reply.model = turn.model;
  reply.finish_reason = turn.finish_reason;
  reply.retrieval = turn.reply_retrieval;
  return reply;
}

absl::StatusOr<TurnRow> Select(Transaction& tx, const TurnRow& asked, absl::Time now) {
  DRAMATIS_ASSIGN_OR_RETURN(const SessionRow session,
                            ReserveNewest(tx, asked, /*active_turn_id=*/"", now));
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<TurnRow> turns, Alternatives(tx, asked));
  for (TurnRow& turn : turns) {
    if (turn.turn_id != asked.turn_id) continue;
    if (turn.reply_message_id.empty()) {
      return FieldErrors({{"turn_id", "must be a turn that has a reply"}});
    }
    if (turn.reply_counts) return std::move(turn);
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> old,
                              ReplyAfter(tx, turn.conversation_id, turn.trigger_sequence));
    if (!old.has_value()) return InternalError("alternatives of a reply that is not there");
    DRAMATIS_RETURN_IF_ERROR(ReplaceReply(tx, session, *old, ReplyOfTurn(turn)));
    turn.reply_counts = true;
    return std::move(turn);
  }
  return NotFoundError("turn");
}

}  // namespace

absl::StatusOr<Idempotent<StartedTurn>> SqlTurnStore::StartAlternative(
    const AnotherAnswer& another, const Idempotency& idempotency) {
  const auto claim = ClaimOf(idempotency);
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<Idempotent<StartedTurn>> {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<std::string> replay,
                              ClaimIdempotencyKey(tx, claim, another.now));
    if (replay.has_value()) {
      return Idempotent<StartedTurn>{.result = FromRecord(*replay), .replayed = true};
    }
    DRAMATIS_ASSIGN_OR_RETURN(TurnJob job, Another(tx, another));
    StartedTurn started{.session_id = job.turn.session_id,
                        .turn_id = job.turn.turn_id,
                        .message_id = job.turn.trigger_message_id,
                        .job = std::move(job)};
    DRAMATIS_RETURN_IF_ERROR(RecordIdempotentResponse(tx, claim, ToRecord(started)));
    return Idempotent<StartedTurn>{.result = std::move(started), .replayed = false};
  });
}

absl::StatusOr<std::vector<TurnRow>> SqlTurnStore::ListAlternatives(const TurnRow& turn) {
  return database_.Read([&](Transaction& tx) { return Alternatives(tx, turn); });
}

absl::StatusOr<Idempotent<TurnRow>> SqlTurnStore::SelectAlternative(
    const TurnRow& turn, absl::Time now, const Answering<TurnRow>& once) {
  return database_.Write(Once(once, now, [&](Transaction& tx) { return Select(tx, turn, now); }));
}

}  // namespace dramatis::conversation
