// What the databases of both engines have in common: transactions on pooled connections, run again
// where writers met or a connection was cut, and migrations. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "shared/sql/connection_pool.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

class PooledDatabase : public Database {
 public:
  explicit PooledDatabase(absl::Duration timeout) : timeout_(timeout) {}

  absl::StatusOr<std::vector<std::string>> Migrate(const std::vector<Migration>& migrations) final;
  absl::StatusOr<SchemaState> CheckSchema(const std::vector<Migration>& migrations) final;
  absl::Status Ping() final;

 protected:
  virtual ConnectionPool& PoolFor(Access access) = 0;
  // First in each transaction of a migration: takes a lock that other processes respect, until the
  // transaction's end, and makes the place for the tables where there is none.
  virtual absl::Status PrepareMigration(Transaction& tx) = 0;

  absl::Status RunTransaction(Mode mode,
                              const std::function<absl::Status(Transaction&)>& function) override;
  // One transaction on a connection of `pool`, run again as database.h says.
  absl::Status RunOn(ConnectionPool& pool,
                     Access access,
                     const std::function<absl::Status(Transaction&)>& function);

 private:
  const absl::Duration timeout_;
};

}  // namespace dramatis::sql
