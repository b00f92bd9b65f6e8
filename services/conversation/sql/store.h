// The store of sessions on SQLite and PostgreSQL. SQL stands in sql/*.cc only:
//   sql/store.cc         sessions
//   sql/lists.cc         lists of sessions and messages
//   sql/rows.cc          steps of several transactions
//   sql/message_rows.cc  messages, of sessions and of rooms
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
  absl::Status SetTitle(const SessionRow& seen, const std::string& title) override;
  absl::Status DropTemporary(const SessionRow& seen, absl::Time now) override;
  absl::Status SetHold(const std::string& conversation_id, absl::Time expires_at) override;
  absl::StatusOr<std::vector<SessionRow>> ListSessionHolds(absl::Time now, int limit) override;
  absl::StatusOr<bool> ClearHold(const SessionRow& seen) override;
  absl::StatusOr<std::vector<LoreFiring>> LoreFirings(const std::string& conversation_id,
                                                      const std::string& persona_id) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::conversation
