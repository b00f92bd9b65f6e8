#include "services/conversation/sql/turn_rows.h"

#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/sql/lore/lore_firings.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/message_rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr SqlText kInsertTurn = InsertInto("turns", kTurnColumns);

// A turn has one reply at most: one that was cancelled after it had said something has it.
constexpr SqlText kBeginAgain = {R"(
  update turns
  set state = 'running', attempt = attempt + 1, interruptions = 0, fence = fence + 1,
    lease_owner = $3, lease_address = $4, lease_expires_at = $5, cancel_requested = $6, text = '',
    finish_reason = '', model = '', usage = $7, manifest = $7, error = $7, updated_at = $8
  where conversation_id = $1 and turn_id = $2 and (state = 'failed' or ($9 and state <> 'done'
    and state <> 'running')) and reply_message_id = ''
  returning )",
                                 kTurnNames};

// The reply's text is in its message; of a failed turn the text so far stays here.
constexpr Statement kEndTurn = {R"(
  update turns
  set state = $4, text = $5, reply_message_id = $6, finish_reason = $7, model = $8, usage = $9,
    manifest = $10, error = $11, updated_at = $12
  where conversation_id = $1 and turn_id = $2 and fence = $3 and state = 'running'
  returning trigger_sequence, alternative, payer_id, payer_key, score)"};

constexpr Statement kAppendReply = {R"(
  update conversations
  set last_sequence = last_sequence + 1, active_turn_id = '', last_activity_at = $2,
    expires_at = $2 + ttl
  where conversation_id = $1
  returning )" SESSION_COLUMNS};

// Of a turn that answers again: there may be a reply in its place.
constexpr Statement kFreeForReply = {R"(
  update conversations
  set active_turn_id = '', last_activity_at = $2, expires_at = $2 + ttl
  where conversation_id = $1
  returning )" SESSION_COLUMNS};

constexpr Statement kKeepReply = {R"(
  update turns
  set text = $3, retrieval = $4
  where conversation_id = $1 and turn_id = $2)"};

constexpr Statement kDeleteReply = {
    "delete from messages where conversation_id = $1 and sequence = $2"};

constexpr Statement kFreeConversation = {R"(
  update conversations
  set active_turn_id = ''
  where conversation_id = $1 and active_turn_id = $2)"};

// Alternatives of a turn that have a reply.
constexpr Statement kSelectReplied = {R"(
  select turn_id
  from turns
  where conversation_id = $1 and persona_id = $2 and trigger_message_id = $3 and turn_id <> $4
    and reply_message_id <> '')"};

constexpr Statement kReserveForRetry = {R"(
  update conversations
  set active_turn_id = $2
  where conversation_id = $1 and active_turn_id = '' and ended_at is null and expires_at > $3
  returning )" SESSION_COLUMNS};

}  // namespace

absl::Status InsertTurn(Transaction& tx, const TurnRow& turn) {
  return tx.Execute(kInsertTurn, ValuesOf(kTurnColumns, turn)).status();
}

absl::StatusOr<std::optional<TurnRow>> BeginAgain(
    Transaction& tx, const TurnRow& turn, const Lease& lease, absl::Time now, bool any) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows begun,
      tx.Execute(kBeginAgain, {turn.conversation_id, turn.turn_id, lease.owner, lease.address,
                               lease.expires_at, false, Bytes{}, now, any}));
  if (begun.empty()) return std::nullopt;
  return ToTurnRow(begun.front());
}

TurnRow ToTurnWithReply(const sql::Row& row) {
  TurnRow turn = ToTurnRow(row);
  constexpr int kReply = CountOf(kTurnColumns);
  turn.reply_counts = !row.IsNull(kReply);
  turn.reply_created_at = turn.updated_at;  // it ended with its reply
  if (turn.reply_counts) {
    turn.text = row.Text(kReply);
    turn.reply_created_at = row.Time(kReply + 1);
    turn.reply_retrieval = row.Bool(kReply + 2);
  }
  return turn;
}

absl::StatusOr<std::optional<AnsweredMessage>> WriteTurnEnd(Transaction& tx, const TurnEnd& end) {
  const bool replied = !end.message_id.empty();
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows ended,
      tx.Execute(kEndTurn,
                 {end.turn.conversation_id, end.turn.turn_id, end.turn.fence, NameOf(end.state),
                  replied ? std::string() : end.text, end.message_id, end.finish_reason, end.model,
                  Bytes{end.usage}, Bytes{end.manifest}, Bytes{end.error}, end.now}));
  if (ended.empty()) return std::nullopt;
  DRAMATIS_RETURN_IF_ERROR(NoteTurnForMemory(tx, end));
  DRAMATIS_RETURN_IF_ERROR(WriteFirings(tx, end.turn.conversation_id, end.persona_id, end.firings));
  const sql::Row& row = ended.front();
  return AnsweredMessage{.sequence = row.Int(0),
                         .alternative = row.Int(1),
                         .payer = {.user_id = row.Text(2), .key = row.Text(3)},
                         .score = row.IsNull(4) ? "" : row.Blob(4)};
}

absl::StatusOr<std::optional<MessageRow>> ReplyAfter(Transaction& tx,
                                                     const std::string& conversation_id,
                                                     int sequence) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<MessageRow> next,
                            SelectMessages(tx, {.conversation_id = conversation_id,
                                                .descending = false,
                                                .beyond_sequence = sequence,
                                                .limit = 1}));
  if (next.empty() || next.front().author() == ParticipantKind::kUser) return std::nullopt;
  return std::move(next.front());
}

absl::Status ReplaceReply(Transaction& tx,
                          const SessionRow& session,
                          const MessageRow& old,
                          MessageRow reply) {
  const std::string& id = session.conversation_id;
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kKeepReply, {id, old.turn_id, old.content, old.retrieval}).status());
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteReply, {id, old.sequence}).status());
  // What memory has learned from it counts no more.
  DRAMATIS_RETURN_IF_ERROR(NoteForgottenMessage(tx, id, {old.message_id, old.sequence}));
  reply.sequence = old.sequence;
  DRAMATIS_RETURN_IF_ERROR(AppendToSession(tx, session, reply));
  return UpdateListEntry(tx, session, reply.content);
}

MessageRow ReplyOf(const TurnEnd& end) {
  MessageRow message;
  message.message_id = end.message_id;
  message.persona_id = end.persona_id;
  message.content = end.text;
  message.created_at = end.now;
  message.turn_id = end.turn.turn_id;
  message.model = end.model;
  message.finish_reason = end.finish_reason;
  return message;
}

absl::StatusOr<TurnJob> SessionJobOf(Transaction& tx, TurnRow turn) {
  TurnJob job;
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<SessionRow> conversation,
                            SelectSession(tx, turn.conversation_id));
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<MessageRow> trigger,
                            SelectMessage(tx, turn.conversation_id, turn.trigger_message_id));
  if (!conversation.has_value() || !trigger.has_value()) {
    return InternalError("a turn without its conversation or message");
  }
  job.conversation = *std::move(conversation);
  job.message = std::move(trigger->content);
  job.turn = std::move(turn);
  return job;
}

absl::Status EndInSession(Transaction& tx, const TurnEnd& end, const AnsweredMessage& answered) {
  const std::string& id = end.turn.conversation_id;
  if (end.message_id.empty()) {
    return tx.Execute(kFreeConversation, {id, end.turn.turn_id}).status();
  }
  MessageRow reply = ReplyOf(end);
  reply.retrieval = end.retrieval;
  std::optional<MessageRow> old;
  if (answered.alternative > 0) {
    DRAMATIS_ASSIGN_OR_RETURN(old, ReplyAfter(tx, id, answered.sequence));
  }
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows rows, tx.Execute(old.has_value() ? kFreeForReply : kAppendReply, {id, end.now}));
  if (rows.empty()) return InternalError("a running turn without its conversation");
  const SessionRow session = ToSession(rows.front());
  if (old.has_value()) return ReplaceReply(tx, session, *old, std::move(reply));
  reply.sequence = session.last_sequence;
  DRAMATIS_RETURN_IF_ERROR(AppendToSession(tx, session, reply));
  return UpdateListEntry(tx, session, end.text);
}

absl::StatusOr<TurnJob> RetryInSession(Transaction& tx,
                                       const TurnRow& turn,
                                       const Lease& lease,
                                       absl::Time now) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows reserved, tx.Execute(kReserveForRetry, {turn.conversation_id, turn.turn_id, now}));
  if (reserved.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> row,
                              SelectSession(tx, turn.conversation_id));
    if (!row.has_value()) return NotFoundError("turn");
    return Refusal(*row, /*persona_id=*/"", now);
  }
  DRAMATIS_ASSIGN_OR_RETURN(const Rows answered,
                            tx.Execute(kSelectReplied, {turn.conversation_id, turn.persona_id,
                                                        turn.trigger_message_id, turn.turn_id}));
  if (!answered.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_ALREADY_ANSWERED,
                 "the message has been answered by another turn",
                 {{"turn_id", answered.front().Text(0)}});
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<TurnRow> begun,
                            BeginAgain(tx, turn, lease, now, /*any=*/false));
  if (!begun.has_value()) return NotFailed();
  return SessionJobOf(tx, *std::move(begun));
}

absl::Status NotFailed() {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TURN_NOT_FAILED,
               "only a turn that failed can be retried");
}

}  // namespace dramatis::conversation
