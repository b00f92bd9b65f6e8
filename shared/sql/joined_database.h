// A database whose every transaction is part of one that is under way, so that what a store does in
// several calls happens at once or not at all.
//
//   db.Write([&](Transaction& tx) -> absl::Status {
//     JoinedDatabase joined(tx);
//     SqlStore store(joined, clock);
//     DRAMATIS_RETURN_IF_ERROR(store.Add(one));
//     return store.Add(other);
//   });
//
// For the transaction's thread, as long as that runs.
#pragma once

#include <functional>
#include <vector>

#include "shared/sql/database.h"

namespace dramatis::sql {

class JoinedDatabase : public Database {
 public:
  explicit JoinedDatabase(Transaction& tx) : tx_(tx) {}

  // A schema does not change within a transaction: both are INTERNAL.
  absl::StatusOr<std::vector<std::string>> Migrate(
      const std::vector<Migration>& migrations) override;
  absl::StatusOr<SchemaState> CheckSchema(const std::vector<Migration>& migrations) override;
  Engine engine() const override { return tx_.engine(); }
  absl::Status Ping() override { return absl::OkStatus(); }

 private:
  absl::Status RunTransaction(Mode mode,
                              const std::function<absl::Status(Transaction&)>& function) override;

  Transaction& tx_;
};

}  // namespace dramatis::sql
