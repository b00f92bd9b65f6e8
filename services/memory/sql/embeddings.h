// Vectors of memories on SQL. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "services/memory/model/embedding_store.h"
#include "shared/sql/database.h"

namespace dramatis::memory {

class SqlEmbeddingStore : public EmbeddingStore {
 public:
  // `database` outlives the store and has its migrations.
  explicit SqlEmbeddingStore(sql::Database& database) : database_(database) {}
  absl::StatusOr<std::vector<PendingEmbedding>> Claim(const std::string& embedder,
                                                      absl::Time now,
                                                      absl::Time until,
                                                      int limit) override;
  absl::Status Keep(const std::string& embedder, const std::vector<MadeEmbedding>& made) override;
  absl::Status PutOff(const std::vector<PendingEmbedding>& pending, absl::Time due_time) override;
  absl::StatusOr<std::vector<ChangedVector>> Changed(const std::string& user_id,
                                                     int64_t since) override;
  absl::StatusOr<std::vector<MemoryRow>> FindMany(const std::string& user_id,
                                                  const std::vector<std::string>& ids) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::memory
