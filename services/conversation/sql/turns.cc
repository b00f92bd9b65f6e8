#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/sql/once.h"
#include "services/conversation/sql/queue.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/search.h"
#include "services/conversation/sql/turn_rows.h"
#include "services/conversation/sql/turn_store.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Takes the conversation's next number for a user's message, if it takes a turn now. The row's lock
// makes everybody else wait: they see the turn that has begun.
constexpr Statement kAdvance = {R"(
  update conversations
  set last_sequence = last_sequence + 1, active_turn_id = $2, last_activity_at = $3,
    expires_at = $3 + ttl, title = case when title = '' then $4 else title end
  where conversation_id = $1 and active_turn_id = '' and ended_at is null and expires_at > $3
    and ($5 = '' or persona_id = $5)
  returning )" SESSION_COLUMNS};

// With its reply, where it has one.
constexpr SqlText kSelectTurn = {"select ", NamesOf(kTurnColumns, "t."), ", ", kReplyNames, R"(
  from turns t
    left join messages m
      on m.conversation_id = t.conversation_id and m.message_id = t.reply_message_id
  where t.turn_id = $1)"};

constexpr Statement kRequestCancel = {R"(
  update turns
  set cancel_requested = $3, updated_at = $4
  where conversation_id = $1 and turn_id = $2 and state in ('pending', 'running'))"};

MessageRow UserMessage(const NewTurn& turn, const SessionRow& conversation) {
  MessageRow message;
  message.sequence = conversation.last_sequence;
  message.message_id = turn.message_id;
  message.user_id = conversation.user_id;
  message.content = turn.message;
  message.created_at = turn.now;
  return message;
}

// The conversation with its next number taken, made first where that is wanted; nullopt where the
// message waits. Between two statements a turn may end or a conversation appear: then what was
// refused is tried again.
absl::StatusOr<std::optional<SessionRow>> AdvanceOrCreate(Transaction& tx, const NewTurn& turn) {
  constexpr int kMostTries = 4;
  absl::Status refusal;
  for (int i = 0; i < kMostTries; ++i) {
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<SessionRow> advanced, AdvanceSession(tx, turn));
    if (advanced.has_value()) return advanced;
    if (turn.enqueue) {
      DRAMATIS_ASSIGN_OR_RETURN(const bool queued, Enqueue(tx, turn));
      if (queued) return std::nullopt;
    }
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> existing,
                              SelectSession(tx, turn.conversation_id));
    if (existing.has_value()) {
      refusal = Refusal(*existing, turn.persona_id, turn.now);
      if (!absl::IsAborted(refusal)) return refusal;
    } else if (turn.create.has_value()) {
      DRAMATIS_RETURN_IF_ERROR(InsertSession(tx, *turn.create));
    } else {
      return NotFoundError("session");
    }
  }
  return refusal.ok() ? InternalError("a conversation that was made is not there") : refusal;
}

// Whether its title is that of the message that was stored just now: nothing but a greeting stands
// before it.
bool TakesTitle(const SessionRow& conversation) {
  return !conversation.title_given && conversation.last_sequence <= 2;
}

}  // namespace

TurnRow FirstAttempt(const NewTurn& turn, const SessionRow& session) {
  TurnRow row;
  row.conversation_id = turn.conversation_id;
  row.turn_id = turn.turn_id;
  row.user_id = session.user_id;
  row.session_id = session.session_id;
  row.persona_id = session.persona_id;
  row.trigger_message_id = turn.message_id;
  row.trigger_sequence = session.last_sequence;
  row.lease = turn.lease;
  row.payer_key = turn.payer_key;
  row.created_at = row.updated_at = turn.now;
  return row;
}

absl::StatusOr<std::optional<SessionRow>> AdvanceSession(Transaction& tx, const NewTurn& turn) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kAdvance, {turn.conversation_id, turn.turn_id, turn.now,
                                                  turn.title, turn.persona_id}));
  if (rows.empty()) return std::nullopt;
  return ToSession(rows.front());
}

absl::Status SayInSession(Transaction& tx, const NewTurn& turn, const SessionRow& session) {
  DRAMATIS_RETURN_IF_ERROR(AppendToSession(tx, session, UserMessage(turn, session)));
  if (TakesTitle(session)) DRAMATIS_RETURN_IF_ERROR(IndexTitle(tx, session));
  return UpdateListEntry(tx, session, turn.message);
}

absl::StatusOr<StartedTurn> StartInSession(Transaction& tx, const NewTurn& turn) {
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<SessionRow> conversation, AdvanceOrCreate(tx, turn));
  if (!conversation.has_value()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> session,
                              SelectSession(tx, turn.conversation_id));
    return StartedTurn{.session_id = session.has_value() ? session->session_id : "",
                       .turn_id = turn.turn_id,
                       .message_id = turn.message_id,
                       .job = std::nullopt};
  }
  TurnJob job{.turn = FirstAttempt(turn, *conversation),
              .conversation = *std::move(conversation),
              .message = turn.message};
  if (turn.on_begun) turn.on_begun(job);
  DRAMATIS_RETURN_IF_ERROR(SayInSession(tx, turn, job.conversation));
  DRAMATIS_RETURN_IF_ERROR(InsertTurn(tx, job.turn));
  return StartedTurn{.session_id = job.conversation.session_id,
                     .turn_id = turn.turn_id,
                     .message_id = turn.message_id,
                     .job = std::move(job)};
}

std::string ToRecord(const StartedTurn& started) {
  v1::ChatEvent::Start record;
  record.set_session_id(started.session_id);
  record.set_turn_id(started.turn_id);
  record.set_user_message_id(started.message_id);
  return record.SerializeAsString();
}

StartedTurn FromRecord(const std::string& bytes) {
  v1::ChatEvent::Start record;
  record.ParseFromString(bytes);
  return {.session_id = record.session_id(),
          .turn_id = record.turn_id(),
          .message_id = record.user_message_id(),
          .job = std::nullopt};
}

absl::StatusOr<Idempotent<StartedTurn>> SqlTurnStore::StartTurn(const NewTurn& turn,
                                                                const Idempotency& idempotency) {
  const auto claim = ClaimOf(idempotency);
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<Idempotent<StartedTurn>> {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<std::string> replay,
                              ClaimIdempotencyKey(tx, claim, turn.now));
    if (replay.has_value()) {
      return Idempotent<StartedTurn>{.result = FromRecord(*replay), .replayed = true};
    }
    DRAMATIS_ASSIGN_OR_RETURN(StartedTurn started, StartInSession(tx, turn));
    DRAMATIS_RETURN_IF_ERROR(RecordIdempotentResponse(tx, claim, ToRecord(started)));
    return Idempotent<StartedTurn>{.result = std::move(started), .replayed = false};
  });
}

absl::StatusOr<std::optional<TurnRow>> SqlTurnStore::FindTurn(const std::string& turn_id) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::optional<TurnRow>> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kSelectTurn, {turn_id}));
    if (rows.empty()) return std::nullopt;
    return ToTurnWithReply(rows.front());
  });
}

absl::StatusOr<Idempotent<RetriedTurn>> SqlTurnStore::RetryTurn(
    const TurnRow& turn,
    const Lease& lease,
    absl::Time now,
    const std::function<absl::Status(const Room& room)>& check,
    const std::function<std::string(const TurnRow&)>& answer,
    const Idempotency& idempotency) {
  const auto claim = ClaimOf(idempotency);
  const auto write = [&](Transaction& tx) -> absl::StatusOr<Idempotent<RetriedTurn>> {
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<std::string> replay,
                              ClaimIdempotencyKey(tx, claim, now));
    if (replay.has_value()) {
      return Idempotent<RetriedTurn>{.result = {.answer = *std::move(replay), .job = std::nullopt},
                                     .replayed = true};
    }
    absl::StatusOr<TurnJob> job = turn.in_room() ? RetryInRoom(tx, turn, lease, now, check)
                                                 : RetryInSession(tx, turn, lease, now);
    if (!job.ok()) return std::move(job).status();
    RetriedTurn result{.answer = answer(job->turn), .job = *std::move(job)};
    DRAMATIS_RETURN_IF_ERROR(RecordIdempotentResponse(tx, claim, result.answer));
    return Idempotent<RetriedTurn>{.result = std::move(result), .replayed = false};
  };
  if (!turn.in_room()) return database_.Write(write);
  auto retried = WriteToRoom(database_, feed_, turn.conversation_id, now, write);
  if (retried.ok() && !retried->replayed) feed_.Changed(turn.conversation_id);
  return retried;
}

absl::StatusOr<Idempotent<std::string>> SqlTurnStore::RequestCancel(
    const TurnRow& turn, absl::Time now, const Idempotency& idempotency) {
  DRAMATIS_ASSIGN_OR_RETURN(
      sql::FirstAnswer first,
      sql::WriteOnce(database_, ClaimOf(idempotency), now,
                     [&](Transaction& tx) -> absl::StatusOr<std::string> {
                       DRAMATIS_ASSIGN_OR_RETURN(const bool waited, CancelQueued(tx, turn, now));
                       if (waited) return std::string();
                       DRAMATIS_RETURN_IF_ERROR(
                           tx.Execute(kRequestCancel,
                                      {turn.conversation_id, turn.turn_id, true, now})
                               .status());
                       return std::string();
                     }));
  return Idempotent<std::string>{.result = std::move(first.bytes), .replayed = first.replayed};
}

absl::Status SqlTurnStore::NoteCancelled(const Idempotency& idempotency,
                                         const std::string& answer) {
  return database_.Write(
      [&](Transaction& tx) { return sql::RecordAnswerLater(tx, ClaimOf(idempotency), answer); });
}

}  // namespace dramatis::conversation
