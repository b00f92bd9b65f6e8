#include "shared/sql/joined_database.h"

#include "shared/status/errors.h"

namespace dramatis::sql {

absl::StatusOr<std::vector<std::string>> JoinedDatabase::Migrate(
    const std::vector<Migration>& /*migrations*/) {
  return InternalError("a transaction cannot migrate");
}

absl::StatusOr<SchemaState> JoinedDatabase::CheckSchema(
    const std::vector<Migration>& /*migrations*/) {
  return InternalError("a transaction cannot check the schema");
}

absl::Status JoinedDatabase::RunTransaction(
    Mode /*mode*/, const std::function<absl::Status(Transaction&)>& function) {
  return function(tx_);
}

}  // namespace dramatis::sql
