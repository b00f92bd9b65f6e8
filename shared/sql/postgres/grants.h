// What a service's own database role may do: read and write the rows of the tables that there are,
// each by its name, and nothing else. Migrations run as another role, which owns the schema.
//
//   DRAMATIS_ASSIGN_OR_RETURN(const int tables, GrantTables(tx, "dramatis_memory"));
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

// In the transaction's schema: usage of it; select, insert, update and delete on each table; of the
// record of migrations select only. May be repeated. How many tables there are. INVALID_ARGUMENT
// for a role that is no plain name, and on SQLite, which has no roles; the database's error where
// there is no such role.
absl::StatusOr<int> GrantTables(Transaction& tx, const std::string& role);

}  // namespace dramatis::sql
