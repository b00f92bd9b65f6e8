// TurnStore on SQLite and PostgreSQL:
//   sql/turns.cc         turns from their users' side
//   sql/alternatives.cc  answering again, choosing between answers
//   sql/forks.cc         sessions that begin with messages of others
//   sql/workers.cc       turns from their workers' side
//   sql/rooms/turns.cc   what is a room's alone
//   sql/turn_rows.cc     steps of several transactions, and the columns
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/conversation/events/feed.h"
#include "services/conversation/model/turn_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlTurnStore : public TurnStore {
 public:
  // Tells `feed` after each commit that appended events.
  SqlTurnStore(sql::Database& database, RoomFeed& feed) : database_(database), feed_(feed) {}

  absl::StatusOr<std::optional<TurnRow>> FindTurn(const std::string& turn_id) override;
  absl::StatusOr<Idempotent<RetriedTurn>> RetryTurn(
      const TurnRow& turn,
      const Lease& lease,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check,
      const std::function<std::string(const TurnRow&)>& answer,
      const Idempotency& idempotency) override;
  absl::StatusOr<Idempotent<std::string>> RequestCancel(const TurnRow& turn,
                                                        absl::Time now,
                                                        const Idempotency& idempotency) override;
  absl::Status NoteCancelled(const Idempotency& idempotency, const std::string& answer) override;
  absl::StatusOr<std::vector<CheckpointResult>> Checkpoint(
      const std::vector<CheckpointWrite>& writes,
      absl::Time lease_expires_at,
      absl::Time now) override;
  absl::StatusOr<CheckpointResult> BeginAttempt(const FencedTurn& turn,
                                                int attempt,
                                                absl::Time now) override;
  absl::StatusOr<EndedTurn> EndTurn(const TurnEnd& end, const TurnPlanner& plan) override;
  absl::Status ReleaseTurn(const FencedTurn& turn,
                           const std::string& text,
                           absl::Time now) override;
  absl::StatusOr<Idempotent<StartedTurn>> StartTurn(const NewTurn& turn,
                                                    const Idempotency& idempotency) override;
  absl::StatusOr<Idempotent<StartedTurn>> StartAlternative(const AnotherAnswer& another,
                                                           const Idempotency& idempotency) override;
  absl::StatusOr<std::vector<TurnRow>> ListAlternatives(const TurnRow& turn) override;
  absl::StatusOr<Idempotent<TurnRow>> SelectAlternative(const TurnRow& turn,
                                                        absl::Time now,
                                                        const Answering<TurnRow>& once) override;
  absl::StatusOr<Idempotent<ForkedSession>> ForkSession(
      const NewFork& fork, const Answering<ForkedSession>& once) override;
  absl::StatusOr<std::vector<TurnJob>> TakeOver(
      const Lease& lease,
      absl::Time now,
      bool any_lease,
      const std::function<bool(const std::string& turn_id)>& runs_here,
      int limit) override;
  absl::StatusOr<std::vector<WaitingTurn>> ListDueTurns(absl::Time now,
                                                        bool any_lease,
                                                        int limit) override;
  absl::StatusOr<std::optional<TurnJob>> ClaimTurn(const WaitingTurn& turn,
                                                   const Lease& lease,
                                                   absl::Time now,
                                                   bool any_lease) override;
  absl::StatusOr<Idempotent<StartedRoomTurn>> StartRequestedTurn(
      const RequestedTurn& request, const Idempotency& idempotency) override;
  absl::StatusOr<std::optional<RepliedTurn>> FindRepliedTurn(
      const std::string& conversation_id, const std::string& message_id) override;

 private:
  sql::Database& database_;
  RoomFeed& feed_;
};

}  // namespace dramatis::conversation
