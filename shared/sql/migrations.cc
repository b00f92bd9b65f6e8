#include "shared/sql/migrations.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "shared/digest/sha256.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis::sql {
namespace {

constexpr Statement kTableExists = {
    R"(select count(*) from information_schema.tables
       where table_schema = current_schema() and table_name = 'schema_migrations')",
    R"(select count(*) from sqlite_master where type = 'table' and name = 'schema_migrations')"};

constexpr Statement kTableHidden = {R"(
  select cast(n.nspname as text), cast(current_user as text)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relname = 'schema_migrations'
    and n.nspname = trim(both '"' from current_setting('search_path')))"};

constexpr char kCreateTable[] = R"(
  create table if not exists schema_migrations (
    number bigint primary key,
    name text not null,
    checksum text not null,
    applied_at bigint not null))";

constexpr Statement kListApplied = {
    R"(select number, name, checksum from schema_migrations order by number)"};

constexpr Statement kInsertApplied = {
    R"(insert into schema_migrations (number, name, checksum, applied_at)
       values ($1, $2, $3, $4))"};

const std::string& TextFor(const Migration& migration, Engine engine) {
  return engine == Engine::kSqlite ? migration.sqlite : migration.postgres;
}

absl::Status AheadError(const std::string& name) {
  return absl::FailedPreconditionError(
      absl::StrCat("the database is ahead of this program: it has migration ", name,
                   ", which this program does not know; run the newer program, the one whose "
                   "`migrate` applied it"));
}

absl::Status AlteredError(const std::string& name) {
  return absl::FailedPreconditionError(absl::StrCat(
      "migration ", name,
      " is not the one that was applied to the database: its text has changed since; restore the "
      "text, put the change into a new migration, and run `migrate`"));
}

// A table that a role has no right to is not among those that information_schema shows it.
absl::Status CheckNotHidden(Transaction& tx) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows hidden, tx.Execute(kTableHidden, {}));
  if (hidden.empty()) return absl::OkStatus();
  const std::string& schema = hidden.front().Text(0);
  const std::string& role = hidden.front().Text(1);
  return absl::FailedPreconditionError(
      absl::StrCat("the schema \"", schema, "\" is there, but the role \"", role,
                   "\" may not use it: let its owner `grant usage on schema \"", schema, "\" to \"",
                   role, "\"` and grant all on its tables, or name the owner in DATABASE_URL"));
}

}  // namespace

absl::StatusOr<SchemaState> ReadSchemaState(const std::vector<Migration>& migrations,
                                            Transaction& tx) {
  SchemaState state{tx.engine(), 0, {}};
  Rows applied;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows exists, tx.Execute(kTableExists, {}));
  if (exists.front().Int64(0) > 0) {
    DRAMATIS_ASSIGN_OR_RETURN(applied, tx.Execute(kListApplied, {}));
  } else if (tx.engine() == Engine::kPostgres) {
    DRAMATIS_RETURN_IF_ERROR(CheckNotHidden(tx));
  }
  size_t next = 0;
  for (const Row& row : applied) {
    // Both are in order; one that is missing in between is as unknown as one at the end.
    if (next == migrations.size() || migrations[next].number != row.Int64(0)) {
      return AheadError(row.Text(1));
    }
    const Migration& migration = migrations[next++];
    if (MigrationChecksum(migration, tx.engine()) != row.Text(2)) {
      return AlteredError(migration.name);
    }
    state.version = migration.number;
  }
  for (; next < migrations.size(); ++next)
    state.pending.push_back(migrations[next].name);
  return state;
}

absl::StatusOr<std::optional<std::string>> ApplyNextMigration(
    const std::vector<Migration>& migrations, Connection& tx) {
  DRAMATIS_RETURN_IF_ERROR(tx.ExecuteScript(kCreateTable));
  DRAMATIS_ASSIGN_OR_RETURN(const SchemaState state, ReadSchemaState(migrations, tx));
  if (state.pending.empty()) return std::nullopt;
  const Migration& migration = migrations[migrations.size() - state.pending.size()];
  if (const absl::Status run = tx.ExecuteScript(TextFor(migration, tx.engine())); !run.ok()) {
    return WithCause(run, absl::StrCat("migration ", migration.name, ": ", OperatorMessage(run)));
  }
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kInsertApplied, {migration.number, migration.name,
                                  MigrationChecksum(migration, tx.engine()), absl::Now()})
          .status());
  return migration.name;
}

std::string MigrationChecksum(const Migration& migration, Engine engine) {
  return Sha256Hex(TextFor(migration, engine));
}

}  // namespace dramatis::sql
