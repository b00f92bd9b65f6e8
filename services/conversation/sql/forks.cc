#include <algorithm>
#include <optional>
#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/sql/lore/lore_firings.h"
#include "services/conversation/sql/memory_outbox.h"
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
using sql::Transaction;

constexpr int kCopiedAtOnce = 200;

constexpr SqlText kSelectReplyTurn = {"select ", kTurnNames, R"(
  from turns
  where conversation_id = $1 and turn_id = $2)"};

// The copy of a reply's turn, so that it can be answered again in the new session too.
absl::Status CopyTurn(Transaction& tx,
                      const NewFork& fork,
                      const MessageRow& trigger,
                      const MessageRow& original,
                      MessageRow& reply) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Execute(kSelectReplyTurn, {fork.source_conversation_id, original.turn_id}));
  if (rows.empty()) return absl::OkStatus();
  TurnRow turn = ToTurnRow(rows.front());
  turn.conversation_id = fork.session.conversation_id;
  turn.session_id = fork.session.session_id;
  turn.turn_id = reply.turn_id = fork.new_id();
  turn.trigger_message_id = trigger.message_id;
  turn.trigger_sequence = trigger.sequence;
  turn.alternative = 0;
  turn.text.clear();
  turn.reply_message_id = reply.message_id;
  return InsertTurn(tx, turn);
}

// Copies the messages up to `last`, with ids of their own; answers the newest of the user's texts.
absl::Status CopyMessages(Transaction& tx, const NewFork& fork, int last) {
  MessageRow trigger;  // what the user said last
  int copied = 0;
  while (copied < last) {
    DRAMATIS_ASSIGN_OR_RETURN(
        const std::vector<MessageRow> page,
        SelectMessages(tx, {.conversation_id = fork.source_conversation_id,
                            .descending = false,
                            .beyond_sequence = copied,
                            .limit = std::min(kCopiedAtOnce, last - copied)}));
    if (page.empty()) return InternalError("a session's messages have a gap");
    for (const MessageRow& original : page) {
      MessageRow message = original;
      message.message_id = fork.new_id();
      message.turn_id.clear();
      if (message.author() == ParticipantKind::kUser) {
        trigger = message;
      } else if (!original.turn_id.empty() && !trigger.message_id.empty()) {
        DRAMATIS_RETURN_IF_ERROR(CopyTurn(tx, fork, trigger, original, message));
      }
      DRAMATIS_RETURN_IF_ERROR(AppendToSession(tx, fork.session, message));
      copied = original.sequence;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ForkedSession> Fork(Transaction& tx, const NewFork& fork) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> at,
                            SelectMessages(tx, {.conversation_id = fork.source_conversation_id,
                                                .descending = false,
                                                .beyond_sequence = fork.sequence - 1,
                                                .limit = 1}));
  if (at.empty()) return FieldErrors({{"sequence", "must be the number of a message"}});
  if (fork.turn.has_value() && at.front().author() != ParticipantKind::kUser) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NOT_A_USER_MESSAGE,
                 "only what the user said can be said anew");
  }
  const int copied = fork.turn.has_value() ? fork.sequence - 1 : fork.sequence;
  SessionRow row = fork.session;
  row.last_sequence = copied;
  // Nothing but a greeting stands before it: the title is that of the new first message.
  if (fork.turn.has_value() && !row.title_given && copied <= 1) row.title.clear();
  DRAMATIS_RETURN_IF_ERROR(InsertSession(tx, row));
  DRAMATIS_RETURN_IF_ERROR(CopyMessages(tx, fork, copied));
  DRAMATIS_RETURN_IF_ERROR(
      CopyFirings(tx, fork.source_conversation_id, row.conversation_id, copied));
  // What was said in the other session is remembered already.
  DRAMATIS_RETURN_IF_ERROR(NoteObservedMessages(tx, row.user_id, row.conversation_id, copied));
  if (!fork.turn.has_value()) {
    DRAMATIS_RETURN_IF_ERROR(UpdateListEntry(tx, row, at.front().content));
    return ForkedSession{.session = std::move(row), .job = std::nullopt};
  }
  DRAMATIS_ASSIGN_OR_RETURN(StartedTurn started, StartInSession(tx, *fork.turn));
  ForkedSession forked{.session = started.job->conversation, .job = std::move(started.job)};
  return forked;
}

}  // namespace

absl::StatusOr<Idempotent<ForkedSession>> SqlTurnStore::ForkSession(
    const NewFork& fork, const Answering<ForkedSession>& once) {
  return database_.Write(
      Once(once, fork.session.created_at, [&](Transaction& tx) { return Fork(tx, fork); }));
}

}  // namespace dramatis::conversation
