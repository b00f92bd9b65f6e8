#include <utility>

#include "services/conversation/sql/queue.h"
#include "services/conversation/sql/turn_rows.h"
#include "services/conversation/sql/turn_store.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

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

constexpr Statement kReleaseTurn = {R"(
  update turns
  set state = 'pending', text = $4, lease_owner = '', lease_address = '', lease_expires_at = 0,
    updated_at = $5
  where conversation_id = $1 and turn_id = $2 and fence = $3 and state = 'running')"};

constexpr Statement kSelectOpen = {R"(
  select conversation_id, turn_id, fence
  from turns
  where state in ('pending', 'running') and ($1 or lease_expires_at <= $2) and session_id <> ''
    and trigger_sequence > 0
  order by turn_id)"};

constexpr SqlText kTakeOver = {kTakeTurn, " and fence = $7 returning ", kTurnNames};

CheckpointResult ResultOf(const Rows& rows) {
  if (rows.empty()) return CheckpointResult::kLost;
  return rows.front().Bool(0) ? CheckpointResult::kCancelRequested : CheckpointResult::kKept;
}

}  // namespace

absl::StatusOr<std::vector<CheckpointResult>> SqlTurnStore::Checkpoint(
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

absl::StatusOr<CheckpointResult> SqlTurnStore::BeginAttempt(const FencedTurn& turn,
                                                            int attempt,
                                                            absl::Time now) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<CheckpointResult> {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.Execute(kBeginAttempt, {turn.conversation_id, turn.turn_id, turn.fence, attempt, now}));
    return ResultOf(rows);
  });
}

absl::StatusOr<EndedTurn> SqlTurnStore::EndTurn(const TurnEnd& end, const TurnPlanner& plan) {
  auto ended = database_.Write([&](Transaction& tx) -> absl::StatusOr<EndedTurn> {
    if (end.in_room) return EndInRoom(tx, end, plan);
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<AnsweredMessage> answered, WriteTurnEnd(tx, end));
    if (!answered.has_value()) return EndedTurn{.result = EndResult::kLost, .waiting = {}};
    DRAMATIS_RETURN_IF_ERROR(EndInSession(tx, end, *answered));
    EndedTurn result;
    DRAMATIS_ASSIGN_OR_RETURN(result.next, BeginNext(tx, end.turn, end.now));
    return result;
  });
  if (ended.ok() && end.in_room) feed_.Changed(end.turn.conversation_id);
  return ended;
}

absl::Status SqlTurnStore::ReleaseTurn(const FencedTurn& turn,
                                       const std::string& text,
                                       absl::Time now) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kReleaseTurn, {turn.conversation_id, turn.turn_id, turn.fence, text, now})
        .status();
  });
}

absl::StatusOr<std::vector<TurnJob>> SqlTurnStore::TakeOver(
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
          tx.Execute(kTakeOver, {row->Text(0), row->Text(1), lease.owner, lease.address,
                                 lease.expires_at, now, row->Int64(2)}));
      if (taken.empty()) continue;  // somebody else was first, or it has ended
      DRAMATIS_ASSIGN_OR_RETURN(TurnJob job, SessionJobOf(tx, ToTurnRow(taken.front())));
      jobs.push_back(std::move(job));
    }
    return jobs;
  });
}

}  // namespace dramatis::conversation
