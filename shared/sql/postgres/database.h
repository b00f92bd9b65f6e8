// A PostgreSQL database, or one schema of it. Thread-safe.
#pragma once

#include <memory>

#include "shared/sql/database.h"

namespace dramatis::sql {

// Connects at the first use.
absl::StatusOr<std::unique_ptr<Database>> OpenPostgres(const DatabaseOptions& options);

}  // namespace dramatis::sql
