// How many rows each table holds, for operators. Cheap on tables of any size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/sql/database.h"

namespace dramatis::sql {

struct TableRows {
  std::string table;
  int64_t rows = 0;
  // The database's own estimate, not a count.
  bool estimated = false;
};

// Up to this many rows PostgreSQL counts; beyond, it is asked for its estimate
// (pg_class.reltuples, https://www.postgresql.org/docs/15/row-estimation-examples.html). SQLite
// always counts.
inline constexpr int64_t kMostCountedRows = 100'000;

// Every table of the transaction's schema but schema_migrations, and without those that a full-text
// index keeps for itself, by name. `most_counted` is for tests.
absl::StatusOr<std::vector<TableRows>> CountRows(Transaction& tx,
                                                 int64_t most_counted = kMostCountedRows);

}  // namespace dramatis::sql
