#include "shared/sql/catalogue/user_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

constexpr Statement kTablesWithColumn = {
    R"(
  select c.relname
  from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid
  where n.nspname = current_schema() and c.relkind in ('r', 'p') and a.attname = $1
    and not a.attisdropped
  order by c.relname collate "C")",
    R"(
  select t.name
  from pragma_table_list t, pragma_table_info(t.name) c
  where t.schema = 'main' and t.type = 'table' and c.name = $1
  order by t.name)"};

}  // namespace

absl::Status DeleteRows(Transaction& tx,
                        const std::string& column,
                        const std::string& value,
                        const std::vector<std::string>& except) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows tables, tx.Execute(kTablesWithColumn, {column}));
  for (const Row& row : tables) {
    const std::string& table = row.Text(0);
    if (std::find(except.begin(), except.end(), table) != except.end()) continue;
    // Names of our own migrations: they need no quotes.
    DRAMATIS_RETURN_IF_ERROR(
        tx.ExecuteText(absl::StrCat("delete from ", table, " where ", column, " = $1"), {value})
            .status());
  }
  return absl::OkStatus();
}

absl::Status DeleteUserRows(Transaction& tx, const std::string& user_id, absl::Time /*now*/) {
  return DeleteRows(tx, "user_id", user_id);
}

}  // namespace dramatis::sql
