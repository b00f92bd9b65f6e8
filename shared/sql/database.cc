#include "shared/sql/database.h"

#include "absl/strings/match.h"
#include "shared/sql/postgres/database.h"
#include "shared/sql/sqlite/database.h"

namespace dramatis::sql {

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  if (options.connections < 1) return absl::InvalidArgumentError("needs a connection at least");
  const bool postgres = absl::StartsWith(options.url, "postgresql://") ||
                        absl::StartsWith(options.url, "postgres://");
  return postgres ? OpenPostgres(options) : OpenSqlite(options);
}

}  // namespace dramatis::sql
