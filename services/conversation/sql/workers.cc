#include <utility>

#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/store.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Every write below is under the fence of the lease that the worker holds.

constexpr Statement kCheckpoint = {R"(
  update turns
  set lease_expires_at = $4, updated_at = $5, text = case when attempt = $6 then $7 else text end
  where conversation_id = $1 and turn_id = $2 and fence = $3 and state = 'running'
  returning cancel_requested)"};

constexpr Statement kExtendLease = {R"(
  update turns
  set lease_expires_at = $4
  where conversation_id = $1 and turn_id = $2 and fence = $3 and state = 'running'
  returning cancel_requested)"};

constexpr Statement kBeginAttempt = {R"(
  update turns
  set attempt = $4, text = '', updated_at = $5
  where conversation_id = $1 and turn_id = $2 and fence = $3 and state = 'running'
  returning cancel_requested)"};

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

constexpr Statement kReleaseTurn = {R"(
  update turns
  set state = 'pending', text = $4, lease_owner = '', lease_address = '', lease_expires_at = 0,
    updated_at = $5
  where conversation_id = $1 and turn_id = $2 and fence = $3 and state = 'running')"};

constexpr Statement kSelectOpen = {R"(
  select conversation_id, turn_id, fence
  from turns
  where state in ('pending', 'running') and ($1 or lease_expires_at <= $2) and session_id <> ''
  order by turn_id)"};

// An attempt that was handed over was not interrupted.
constexpr Statement kTakeOver = {R"(
  update turns
  set fence = fence + 1,
    attempt = case when cancel_requested then attempt else attempt + 1 end,
    text = case when cancel_requested then text else '' end,
    interruptions = case when state = 'pending' then interruptions else interruptions + 1 end,
    state = 'running', lease_owner = $4, lease_address = $5, lease_expires_at = $6,
    updated_at = $7
  where conversation_id = $1 and turn_id = $2 and fence = $3
    and state in ('pending', 'running')
  returning )" TURN_COLUMNS};

CheckpointResult ResultOf(const Rows& rows) {
  if (rows.empty()) return CheckpointResult::kLost;
  return rows.front().Bool(0) ? CheckpointResult::kCancelRequested : CheckpointResult::kKept;
}

MessageRow Reply(const TurnEnd& end, const SessionRow& conversation) {
  MessageRow message;
  message.sequence = conversation.last_sequence;
  message.message_id = end.message_id;
  message.participant_id = ParticipantId(ParticipantKind::kPersona, end.persona_id);
  message.author = ParticipantKind::kPersona;
  message.content = end.text;
  message.created_at = end.now;
  message.turn_id = end.turn.turn_id;
  message.model = end.model;
  message.finish_reason = end.finish_reason;
  message.retrieval = end.retrieval;
  return message;
}

absl::Status AppendReply(Transaction& tx, const TurnEnd& end) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kAppendReply, {end.turn.conversation_id, end.now}));
  if (rows.empty()) return InternalError("a running turn without its conversation");
  const SessionRow conversation = ToSession(rows.front());
  DRAMATIS_RETURN_IF_ERROR(InsertMessage(tx, conversation, Reply(end, conversation)));
  return UpdateListEntry(tx, conversation, end.text);
}

}  // namespace

absl::StatusOr<std::vector<CheckpointResult>> SqlStore::Checkpoint(
    const std::vector<CheckpointWrite>& writes, absl::Time lease_expires_at, absl::Time now) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<std::vector<CheckpointResult>> {
    std::vector<CheckpointResult> results;
    results.reserve(writes.size());
    for (const CheckpointWrite& write : writes) {
      const FencedTurn& turn = write.turn;
      absl::StatusOr<Rows> rows =
          write.text.has_value()
              ? tx.Execute(kCheckpoint, {turn.conversation_id, turn.turn_id, turn.fence,
                                         lease_expires_at, now, write.attempt, *write.text})
              : tx.Execute(kExtendLease,
                           {turn.conversation_id, turn.turn_id, turn.fence, lease_expires_at});
      if (!rows.ok()) return std::move(rows).status();
      results.push_back(ResultOf(*rows));
    }
    return results;
  });
}

absl::StatusOr<CheckpointResult> SqlStore::BeginAttempt(const FencedTurn& turn,
                                                        int attempt,
                                                        absl::Time now) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<CheckpointResult> {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.Execute(kBeginAttempt, {turn.conversation_id, turn.turn_id, turn.fence, attempt, now}));
    return ResultOf(rows);
  });
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

absl::StatusOr<EndResult> SqlStore::EndTurn(const TurnEnd& end) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<EndResult> {
    DRAMATIS_ASSIGN_OR_RETURN(const bool ended, WriteTurnEnd(tx, end));
    if (!ended) return EndResult::kLost;
    if (!end.message_id.empty()) {
      DRAMATIS_RETURN_IF_ERROR(AppendReply(tx, end));
    } else {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(kFreeConversation, {end.turn.conversation_id, end.turn.turn_id}).status());
    }
    return EndResult::kEnded;
  });
}

absl::Status SqlStore::ReleaseTurn(const FencedTurn& turn,
                                   const std::string& text,
                                   absl::Time now) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kReleaseTurn, {turn.conversation_id, turn.turn_id, turn.fence, text, now})
        .status();
  });
}

absl::StatusOr<std::vector<TurnJob>> SqlStore::TakeOver(
    const Lease& lease,
    absl::Time now,
    bool any_lease,
    const std::function<bool(const std::string& turn_id)>& runs_here,
    int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows open, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectOpen, {any_lease, now});
  }));
  std::vector<const sql::Row*> candidates;
  for (const sql::Row& row : open) {
    if (static_cast<int>(candidates.size()) == limit) break;
    if (!runs_here(row.Text(1))) candidates.push_back(&row);
  }
  if (candidates.empty()) return std::vector<TurnJob>();
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<std::vector<TurnJob>> {
    std::vector<TurnJob> jobs;
    for (const sql::Row* row : candidates) {
      DRAMATIS_ASSIGN_OR_RETURN(
          const Rows taken,
          tx.Execute(kTakeOver, {row->Text(0), row->Text(1), row->Int64(2), lease.owner,
                                 lease.address, lease.expires_at, now}));
      if (taken.empty()) continue;  // somebody else was first, or it has ended
      DRAMATIS_ASSIGN_OR_RETURN(TurnJob job, JobOf(tx, ToTurnRow(taken.front())));
      jobs.push_back(std::move(job));
    }
    return jobs;
  });
}

}  // namespace dramatis::conversation
