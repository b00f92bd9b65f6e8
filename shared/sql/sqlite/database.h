// A database in a SQLite file: one writer, several readers, in WAL mode, so that none waits for
// another kind. Thread-safe.
#pragma once

#include <memory>

#include "shared/sql/database.h"

namespace dramatis::sql {

// Nothing is opened before the first use; only the folder is made.
absl::StatusOr<std::unique_ptr<Database>> OpenSqlite(const DatabaseOptions& options);

}  // namespace dramatis::sql
