// The store on SQL. Thread-safe.
#pragma once

#include "services/inference/usage/store.h"
#include "shared/sql/database.h"

namespace dramatis::inference {

class SqlStore : public Store {
 public:
  // `database` outlives the store and has its migrations.
  explicit SqlStore(sql::Database& database) : database_(database) {}
  absl::StatusOr<std::optional<UsageRow>> FindUsage(const std::string& user_id,
                                                    const std::string& turn_key) override;
  absl::StatusOr<std::vector<UsageSum>> SumUsage(const UsageQuery& query) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::inference
