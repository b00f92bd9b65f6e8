// ShareStore on SQLite and PostgreSQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/conversation/model/share_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlShareStore : public ShareStore {
 public:
  explicit SqlShareStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<Idempotent<ShareRow>> CreateShare(const ShareRow& share,
                                                   const Answering<ShareRow>& once) override;
  absl::StatusOr<std::vector<ShareRow>> ListShares(const std::string& user_id,
                                                   const std::string& conversation_id) override;
  absl::Status DeleteShare(const std::string& user_id,
                           const std::string& conversation_id,
                           const std::string& share_id) override;
  absl::StatusOr<std::optional<std::string>> FindShared(const std::string& token_hash,
                                                        absl::Time now) override;

 private:
  sql::Database& database_;
};

// Of a session that is being deleted: nobody reads what was shared of it any more.
absl::Status DeleteShares(sql::Transaction& tx,
                          const std::string& user_id,
                          const std::string& conversation_id);

}  // namespace dramatis::conversation
