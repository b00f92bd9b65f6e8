// Memory's tables on SQLite and PostgreSQL. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/memory/model/store.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

class SqlStore : public Store {
 public:
  // `database` is migrated. The clock dates the uses of Idempotency-Keys.
  SqlStore(sql::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  absl::StatusOr<std::optional<ProfileRow>> FindProfile(const std::string& user_id) override;
  absl::Status WriteProfile(const ProfileRow& row) override;

  absl::StatusOr<MemoryRow> Find(const std::string& user_id, const std::string& memory_id) override;
  absl::StatusOr<MemoryPage> List(const MemoryQuery& query) override;
  absl::StatusOr<std::vector<ScoredMemory>> Search(const MemorySearch& search) override;
  absl::StatusOr<Recollection> Recall(const MemorySearch& search,
                                      int most_recent,
                                      int most_entries) override;

  absl::StatusOr<v1::Memory> Create(const CallContext& call,
                                    const v1::CreateMemoryRequest& request,
                                    const MemoryRow& row,
                                    const v1::Memory& answer,
                                    int quota) override;
  absl::Status Update(const MemoryRow& row) override;
  absl::Status Delete(const std::string& user_id,
                      const std::string& memory_id,
                      std::optional<int> version) override;

 private:
  sql::Database& database_;
  const Clock& clock_;
};

}  // namespace dramatis::memory
