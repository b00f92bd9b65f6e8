// Observations and summaries on SQLite and PostgreSQL. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "services/memory/model/memory_sync_store.h"
#include "shared/sql/database.h"

namespace dramatis::memory {

class SqlRememberingStore : public RememberingStore {
 public:
  // `database` is migrated.
  explicit SqlRememberingStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<Progress> FindProgress(const ConversationKey& key) override;
  absl::StatusOr<std::vector<std::string>> Observe(const ConversationKey& key,
                                                   const Progress& seen,
                                                   int to_sequence,
                                                   const std::vector<MemoryRow>& found,
                                                   int quota) override;
  absl::StatusOr<std::vector<SummaryRow>> Summaries(const ConversationKey& key,
                                                    int before_sequence,
                                                    int limit) override;
  absl::Status AddSummary(const SummaryRow& row, const Progress& seen) override;
  absl::StatusOr<Forgotten> Forget(const ConversationKey& key,
                                   const std::vector<ForgottenMessage>& messages,
                                   bool all) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::memory
