#include "services/conversation/sql/turn_rows.h"

#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

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
  returning turn_id)"};

constexpr Statement kAppendReply = {R"(
  update conversations
  set last_sequence = last_sequence + 1, active_turn_id = '', last_activity_at = $2,
    expires_at = $2 + ttl
  where conversation_id = $1
  returning )" SESSION_COLUMNS};

constexpr Statement kFreeConversation = {R"(
  update conversations
  set active_turn_id = ''
  where conversation_id = $1 and active_turn_id = $2)"};

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

absl::StatusOr<bool> WriteTurnEnd(Transaction& tx, const TurnEnd& end) {
  const bool replied = !end.message_id.empty();
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows ended,
      tx.Execute(kEndTurn,
                 {end.turn.conversation_id, end.turn.turn_id, end.turn.fence, NameOf(end.state),
                  replied ? std::string() : end.text, end.message_id, end.finish_reason, end.model,
                  Bytes{end.usage}, Bytes{end.manifest}, Bytes{end.error}, end.now}));
  if (ended.empty()) return false;
  DRAMATIS_RETURN_IF_ERROR(NoteTurnForMemory(tx, end));
  return true;
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

absl::Status EndInSession(Transaction& tx, const TurnEnd& end) {
  if (end.message_id.empty()) {
    return tx.Execute(kFreeConversation, {end.turn.conversation_id, end.turn.turn_id}).status();
  }
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kAppendReply, {end.turn.conversation_id, end.now}));
  if (rows.empty()) return InternalError("a running turn without its conversation");
  const SessionRow session = ToSession(rows.front());
  MessageRow reply = ReplyOf(end);
  reply.sequence = session.last_sequence;
  reply.retrieval = end.retrieval;
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
