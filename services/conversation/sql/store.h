// The store on SQLite and PostgreSQL. SQL stands in sql_store*.cc only:
//   sql/store.cc          conversations
//   sql/lists.cc    lists of conversations and messages
//   sql/turns.cc    turns from their users' side
//   sql/workers.cc  turns from their workers' side
//   sql/rows.cc     rows to structs
#pragma once

#include <string>
#include <vector>

#include "services/conversation/model/store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlStore : public Store {
 public:
  explicit SqlStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::optional<SessionRow>> FindSession(
      const std::string& conversation_id) override;
  absl::StatusOr<Idempotent<SessionRow>> CreateSession(const SessionRow& row,
                                                       const Answering<SessionRow>& once) override;
  absl::StatusOr<Idempotent<SessionRow>> EndSession(const std::string& conversation_id,
                                                    absl::Time now,
                                                    const Answering<SessionRow>& once) override;
  absl::StatusOr<SessionRow> DeleteSession(const std::string& conversation_id) override;
  absl::StatusOr<std::vector<SessionSummaryRow>> ListSessions(const SessionFilter& filter) override;
  absl::StatusOr<std::vector<MessageRow>> ListMessages(const MessageRange& range) override;
  absl::Status SetHold(const std::string& conversation_id, absl::Time expires_at) override;
  absl::StatusOr<std::vector<SessionRow>> ListSessionHolds(absl::Time now, int limit) override;
  absl::StatusOr<bool> ClearHold(const SessionRow& seen) override;

  absl::StatusOr<Idempotent<StartedTurn>> StartTurn(const NewTurn& turn,
                                                    const Idempotency& idempotency) override;
  absl::StatusOr<std::optional<TurnRow>> FindTurn(const std::string& turn_id) override;
  absl::StatusOr<Idempotent<RetriedTurn>> RetryTurn(
      const TurnRow& turn,
      const Lease& lease,
      absl::Time now,
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
  absl::StatusOr<EndResult> EndTurn(const TurnEnd& end) override;
  absl::Status ReleaseTurn(const FencedTurn& turn,
                           const std::string& text,
                           absl::Time now) override;
  absl::StatusOr<std::vector<TurnJob>> TakeOver(
      const Lease& lease,
      absl::Time now,
      bool any_lease,
      const std::function<bool(const std::string& turn_id)>& runs_here,
      int limit) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::conversation
