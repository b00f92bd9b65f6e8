#include "services/conversation/sql/queue.h"

#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/model/titles.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/turn_rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Takes the session's row: the turn that runs ends before, and then this finds none, or afterwards,
// and sees what waits.
constexpr Statement kLockBusy = {R"(
  update conversations
  set active_turn_id = active_turn_id
  where conversation_id = $1 and active_turn_id <> '' and ended_at is null and expires_at > $2
    and ($3 = '' or persona_id = $3)
  returning )" SESSION_COLUMNS};

constexpr Statement kCountQueued = {R"(
  select count(*), coalesce(max(number), 0)
  from queued_messages
  where conversation_id = $1)"};

constexpr Statement kInsertQueued = {R"(
  insert into queued_messages (conversation_id, turn_id, number, message_id, content,
    correlation_id)
  values ($1, $2, $3, $4, $5, $6))"};

constexpr Statement kSelectFirst = {R"(
  select turn_id
  from queued_messages
  where conversation_id = $1
  order by number
  limit 1)"};

constexpr Statement kTakeQueued = {R"(
  delete from queued_messages
  where conversation_id = $1 and turn_id = $2
  returning message_id, content, correlation_id)"};

constexpr SqlText kBeginQueued = {R"(
  update turns
  set state = 'running', trigger_sequence = $3, updated_at = $5,
    (lease_owner, lease_address, lease_expires_at) =
      (select e.lease_owner, e.lease_address, e.lease_expires_at
       from turns e
       where e.conversation_id = $1 and e.turn_id = $4)
  where conversation_id = $1 and turn_id = $2 and state = 'pending'
  returning )",
                                  kTurnNames};

constexpr Statement kCancelTurn = {R"(
  update turns
  set state = 'cancelled', cancel_requested = true, finish_reason = 'cancelled', updated_at = $3
  where conversation_id = $1 and turn_id = $2 and state = 'pending')"};

constexpr Statement kFailQueued = {R"(
  update turns
  set state = 'failed', error = $2, updated_at = $3
  where conversation_id = $1 and state in ('pending', 'running') and state = 'pending'
    and turn_id in (select q.turn_id from queued_messages q where q.conversation_id = $1))"};

constexpr Statement kDeleteQueue = {"delete from queued_messages where conversation_id = $1"};

// The one that has waited longest, taken out; nullopt where none waits. One that is cancelled
// meanwhile is passed over.
absl::StatusOr<std::optional<NewTurn>> TakeFirst(Transaction& tx,
                                                 const std::string& conversation_id,
                                                 absl::Time now) {
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows first, tx.Execute(kSelectFirst, {conversation_id}));
    if (first.empty()) return std::nullopt;
    NewTurn turn;
    turn.conversation_id = conversation_id;
    turn.turn_id = first.front().Text(0);
    DRAMATIS_ASSIGN_OR_RETURN(const Rows taken,
                              tx.Execute(kTakeQueued, {conversation_id, turn.turn_id}));
    if (taken.empty()) continue;
    turn.message_id = taken.front().Text(0);
    turn.message = taken.front().Text(1);
    turn.correlation_id = taken.front().Text(2);
    turn.title = TitleOf(turn.message);
    turn.now = now;
    return turn;
  }
}

}  // namespace

absl::StatusOr<bool> Enqueue(Transaction& tx, const NewTurn& turn) {
  const std::string& id = turn.conversation_id;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows busy,
                            tx.Execute(kLockBusy, {id, turn.now, turn.persona_id}));
  if (busy.empty()) return false;
  const SessionRow session = ToSession(busy.front());
  DRAMATIS_ASSIGN_OR_RETURN(const Rows counted, tx.Execute(kCountQueued, {id}));
  if (counted.front().Int(0) >= kMostQueued) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TURN_IN_PROGRESS,
                 "a turn of the session is running, and ten messages wait for its end",
                 {{"turn_id", session.active_turn_id}});
  }
  TurnRow row = FirstAttempt(turn, session);
  row.state = TurnState::kPending;
  row.trigger_sequence = 0;
  row.lease = Lease();
  DRAMATIS_RETURN_IF_ERROR(InsertTurn(tx, row));
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kInsertQueued, {id, turn.turn_id, counted.front().Int64(1) + 1, turn.message_id,
                                 turn.message, turn.correlation_id})
          .status());
  return true;
}

absl::StatusOr<std::optional<TurnJob>> BeginNext(Transaction& tx,
                                                 const FencedTurn& ended,
                                                 absl::Time now) {
  const std::string& id = ended.conversation_id;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows waits, tx.Execute(kSelectFirst, {id}));
  if (waits.empty()) return std::nullopt;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> there, SelectSession(tx, id));
  if (!there.has_value()) return std::nullopt;
  if (there->ended_at.has_value() || there->expires_at <= now) {
    DRAMATIS_RETURN_IF_ERROR(EndQueue(tx, id, now));
    return std::nullopt;
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<NewTurn> next, TakeFirst(tx, id, now));
  if (!next.has_value()) return std::nullopt;
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<SessionRow> session, AdvanceSession(tx, *next));
  if (!session.has_value()) return InternalError("a session that is free takes no turn");
  DRAMATIS_RETURN_IF_ERROR(SayInSession(tx, *next, *session));
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows begun,
      tx.Execute(kBeginQueued, {id, next->turn_id, session->last_sequence, ended.turn_id, now}));
  if (begun.empty()) return InternalError("a message that waited has no turn");
  TurnJob job{.turn = ToTurnRow(begun.front()),
              .conversation = *std::move(session),
              .message = next->message};
  job.correlation_id = next->correlation_id;
  return job;
}

absl::StatusOr<bool> CancelQueued(Transaction& tx, const TurnRow& turn, absl::Time now) {
  if (!turn.queued()) return false;
  // In the order in which BeginNext takes them.
  DRAMATIS_ASSIGN_OR_RETURN(const Rows taken,
                            tx.Execute(kTakeQueued, {turn.conversation_id, turn.turn_id}));
  if (taken.empty()) return false;  // it has begun
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kCancelTurn, {turn.conversation_id, turn.turn_id, now}).status());
  return true;
}

absl::Status EndQueue(Transaction& tx, const std::string& conversation_id, absl::Time now) {
  const absl::Status ended = Error(absl::StatusCode::kFailedPrecondition,
                                   v1::ERROR_REASON_SESSION_ENDED, "the session has ended");
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kFailQueued, {conversation_id, Bytes{SerializeError(ended)}, now}).status());
  return tx.Execute(kDeleteQueue, {conversation_id}).status();
}

}  // namespace dramatis::conversation
