// AccountStore on SQLite and PostgreSQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/conversation/model/account_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlAccountStore : public AccountStore {
 public:
  explicit SqlAccountStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::string> Request(const std::string& user_id,
                                      const std::string& job_id,
                                      absl::Time now) override;
  absl::StatusOr<std::optional<AccountDeletion>> Take(absl::Time now,
                                                      absl::Time lease_ends) override;
  absl::Status PutBack(const AccountDeletion& job, absl::Time due, int attempts) override;
  absl::StatusOr<std::vector<SessionRow>> Sessions(const std::string& user_id, int limit) override;
  absl::StatusOr<std::vector<Room>> Rooms(const std::string& user_id, int limit) override;
  absl::Status Erase(const std::string& user_id, const std::string& conversation_id) override;
  absl::Status TakeNameOut(const std::string& user_id, const std::string& conversation_id) override;
  absl::StatusOr<bool> MemoryIsTold(const std::string& user_id) override;
  absl::StatusOr<bool> Finish(const AccountDeletion& job) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::conversation
