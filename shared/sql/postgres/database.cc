#include "shared/sql/postgres/database.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "shared/sql/pooled_database.h"
#include "shared/sql/postgres/connection.h"
#include "shared/sql/postgres/notifier.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

// Other processes that migrate the same schema wait here, longer than calls may.
constexpr char kMigrationTimeouts[] = R"(
  set local statement_timeout to 0;
  set local lock_timeout to '60s')";

constexpr Statement kLockMigrations = {R"(
  select pg_advisory_xact_lock(hashtextextended('dramatis migrations ' || $1, 0)))"};

// Asked first, since `create schema if not exists` needs the right to make schemas also where
// there is nothing to make.
constexpr Statement kSchemaExists = {R"(
  select count(*) from pg_namespace where nspname = $1)"};

class PostgresDatabase : public PooledDatabase {
 public:
  explicit PostgresDatabase(const DatabaseOptions& options)
      : PooledDatabase(options.timeout),
        schema_(options.schema),
        options_(options),
        watchdog_(2 * options.timeout),
        pool_(options.connections,
              [this, options] { return PostgresConnection::Open(options, watchdog_); }) {}

  Engine engine() const override { return Engine::kPostgres; }
  std::unique_ptr<Notifier> OpenNotifier(const std::string& channel,
                                         const NotificationHandlers& handlers) override {
    return std::make_unique<PostgresNotifier>(options_, channel, handlers, watchdog_);
  }

 protected:
  ConnectionPool& PoolFor(Access) override { return pool_; }

  absl::Status PrepareMigration(Transaction& tx) override {
    auto& connection = static_cast<Connection&>(tx);
    DRAMATIS_RETURN_IF_ERROR(connection.ExecuteScript(kMigrationTimeouts));
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kLockMigrations, {schema_}).status());
    if (schema_.empty()) return absl::OkStatus();
    DRAMATIS_ASSIGN_OR_RETURN(const Rows exists, tx.Execute(kSchemaExists, {schema_}));
    if (exists.front().Int64(0) > 0) return absl::OkStatus();
    return connection.ExecuteScript(
        absl::StrCat("create schema \"", absl::StrReplaceAll(schema_, {{"\"", "\"\""}}), "\""));
  }

 private:
  const std::string schema_;
  const DatabaseOptions options_;
  // Later than the server's own time-outs, which leave the connection whole.
  Watchdog watchdog_;
  ConnectionPool pool_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenPostgres(const DatabaseOptions& options) {
  return std::make_unique<PostgresDatabase>(options);
}

}  // namespace dramatis::sql
