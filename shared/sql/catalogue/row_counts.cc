#include "shared/sql/catalogue/row_counts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

// What is kept of the schema itself counts for nothing: migrations.h, backfill.h, kept_secret.h.
// `shadow` and `virtual` tables belong to full-text indexes
// (https://www.sqlite.org/pragma.html#pragma_table_list).
constexpr Statement kTables = {
    R"(
  select c.relname, cast(c.reltuples as bigint)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_schema() and c.relkind in ('r', 'p')
    and c.relname not in ('schema_migrations', 'backfills', 'kept_secrets')
  order by c.relname collate "C")",
    R"(
  select name, 0
  from pragma_table_list
  where schema = 'main' and type = 'table' and name not like 'sqlite\_%' escape '\'
    and name not in ('schema_migrations', 'backfills', 'kept_secrets')
  order by name)"};

std::string Quoted(const std::string& name) {
  return absl::StrCat("\"", absl::StrReplaceAll(name, {{"\"", "\"\""}}), "\"");
}

}  // namespace

absl::StatusOr<std::vector<TableRows>> CountRows(Transaction& tx, int64_t most_counted) {
  std::vector<TableRows> tables;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows found, tx.Execute(kTables, {}));
  for (const Row& row : found) {
    TableRows table = {.table = row.Text(0)};
    const bool counts_all = tx.engine() == Engine::kSqlite;
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows counted,
        tx.ExecuteText(absl::StrCat("select count(*) from (select 1 from ", Quoted(table.table),
                                    counts_all ? "" : absl::StrCat(" limit ", most_counted + 1),
                                    ") as counted"),
                       {}));
    table.rows = counted.front().Int64(0);
    if (!counts_all && table.rows > most_counted) {
      table.estimated = true;
      table.rows = std::max(table.rows, row.Int64(1));
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace dramatis::sql
