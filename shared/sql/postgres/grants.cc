#include "shared/sql/postgres/grants.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

constexpr size_t kLongestRole = 63;

constexpr char kGrantedTables[] = R"(
  select current_schema(), c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = current_schema() and c.relkind in ('r', 'p')
  order by c.relname collate "C")";

// So that it needs no quotes.
bool IsPlainRole(const std::string& role) {
  return !role.empty() && role.size() <= kLongestRole && !absl::ascii_isdigit(role[0]) &&
         std::all_of(role.begin(), role.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
         });
}

}  // namespace

absl::StatusOr<int> GrantTables(Transaction& tx, const std::string& role) {
  if (tx.engine() != Engine::kPostgres) {
    return absl::InvalidArgumentError("SQLite has no roles to grant anything to");
  }
  if (!IsPlainRole(role)) {
    return absl::InvalidArgumentError(
        "a role is named by a-z, 0-9 and _, and begins with no digit");
  }
  DRAMATIS_ASSIGN_OR_RETURN(const Rows tables, tx.ExecuteText(kGrantedTables, {}));
  for (const Row& row : tables) {
    const std::string table = absl::StrCat(row.Text(0), ".", row.Text(1));
    const bool migrations = row.Text(1) == "schema_migrations";
    DRAMATIS_RETURN_IF_ERROR(
        tx.ExecuteText(
              absl::StrCat("grant ", migrations ? "select" : "select, insert, update, delete",
                           " on table ", table, " to ", role),
              {})
            .status());
  }
  if (tables.empty()) return 0;
  DRAMATIS_RETURN_IF_ERROR(
      tx.ExecuteText(absl::StrCat("grant usage on schema ", tables.front().Text(0), " to ", role),
                     {})
          .status());
  return static_cast<int>(tables.size());
}

}  // namespace dramatis::sql
