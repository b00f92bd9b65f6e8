// Which migrations a database has and which it needs: table schema_migrations, the same on both
// engines. Forward only; a migration that was applied never changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/sql/connection.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// What the database has, compared with `migrations`. FAILED_PRECONDITION if it has one that is not
// among them, or one that has changed since.
absl::StatusOr<SchemaState> ReadSchemaState(const std::vector<Migration>& migrations,
                                            Transaction& tx);

// Applies the first pending migration, if there is one, in the transaction of `tx`, which holds the
// lock. Its name; nullopt if none was pending.
absl::StatusOr<std::optional<std::string>> ApplyNextMigration(
    const std::vector<Migration>& migrations, Connection& tx);

// SHA-256 of the engine's text, hexadecimal.
std::string MigrationChecksum(const Migration& migration, Engine engine);

}  // namespace dramatis::sql
