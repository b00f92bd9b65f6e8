// SQL over SQLite (embedded) and PostgreSQL (libpqxx), one text for both.
//
//   constexpr Statement kFindPersona = {R"(
//     select name, version from personas where persona_id = $1 and deleted = $2)"};
//
//   absl::StatusOr<Rows> rows = db.Read([&](Transaction& tx) {
//     return tx.Execute(kFindPersona, {id, false});
//   });
//   absl::Status written = db.Write([&](Transaction& tx) -> absl::Status {
//     DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsert, {...}).status());
//     return absl::OkStatus();   // commits; any error rolls back
//   });
//
// Parameters are `$1`, `$2`, ... in both engines. Write `cast(x as bigint)`, never `x::bigint`;
// times as bigint microseconds UTC; ids as text; no `now()`, no `select ... for update`.
//
// Errors, classified the same for both engines: ALREADY_EXISTS for a unique violation;
// FAILED_PRECONDITION for a foreign key or check; UNAVAILABLE when the database cannot be reached,
// read or written, or a lock was held for too long; INTERNAL for everything else (a wrong
// statement, text with U+0000). Serialization failures and deadlocks run the function again, a few
// times, then ABORTED; so does a connection that was cut before the commit, once: the function must
// be safe to run again. Where the connection was lost during the commit, nobody knows how it ended:
// UNAVAILABLE, and no second run.
//
// After a statement has failed, the transaction can only end: each further one gives the same
// error, and so does the whole unless the function returns another. Where a conflict is expected,
// write `on conflict do nothing`.
//
// Thread-safe. Each call blocks its thread and takes one connection of the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/sql/notifier.h"

namespace dramatis::sql {

enum class Engine { kSqlite, kPostgres };

// Bytes, as bytea or blob; text is std::string.
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};

// One parameter or column value. Built from the C++ types that columns have.
class Value {
 public:
  using Data = std::variant<std::monostate, bool, int64_t, double, std::string, Bytes>;

  Value() = default;                               // null
  Value(std::nullopt_t) {}                         // NOLINT(google-explicit-constructor)
  Value(bool v) : data_(v) {}                      // NOLINT(google-explicit-constructor)
  Value(int v) : data_(int64_t{v}) {}              // NOLINT(google-explicit-constructor)
  Value(int64_t v) : data_(v) {}                   // NOLINT(google-explicit-constructor)
  Value(double v) : data_(v) {}                    // NOLINT(google-explicit-constructor)
  Value(std::string v) : data_(std::move(v)) {}    // NOLINT(google-explicit-constructor)
  Value(const char* v) : data_(std::string(v)) {}  // NOLINT(google-explicit-constructor)
  Value(Bytes v) : data_(std::move(v)) {}          // NOLINT(google-explicit-constructor)
  // Microseconds since the epoch, UTC.
  Value(absl::Time v) : data_(absl::ToUnixMicros(v)) {}  // NOLINT(google-explicit-constructor)
  template <class T>
  Value(std::optional<T> v) {  // NOLINT(google-explicit-constructor)
    if (v.has_value()) *this = Value(*std::move(v));
  }

  const Data& data() const { return data_; }
  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }

 private:
  Data data_;
};

// One row of a result. Columns are read by number, from 0, as the type the statement gives; a
// column of another type throws std::logic_error (a defect). Null reads as the type's zero: use
// IsNull where that matters. SQLite's 0 and 1 read as booleans, PostgreSQL's `t` and `f` too.
class Row {
 public:
  explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
  bool IsNull(int column) const { return values_.at(column).is_null(); }
  bool Bool(int column) const;
  int64_t Int64(int column) const;
  int Int(int column) const;
  double Double(int column) const;
  const std::string& Text(int column) const;
  const std::string& Blob(int column) const;
  absl::Time Time(int column) const;
  std::optional<absl::Time> OptionalTime(int column) const;

 private:
  std::vector<Value> values_;
};

using Rows = std::vector<Row>;

// A statement: one text for both engines, or a twin where they must differ (full-text search).
// Must outlive the database (a constant): it is prepared once per connection.
struct Statement {
  const char* text;
  const char* sqlite = nullptr;  // where set, used instead of `text` on SQLite
  const char* For(Engine engine) const {
    return engine == Engine::kSqlite && sqlite != nullptr ? sqlite : text;
  }
};

class Transaction {
 public:
  virtual ~Transaction() = default;
  // Runs a prepared statement. Rows of a `select` or `returning`, else none.
  virtual absl::StatusOr<Rows> Execute(const Statement& statement,
                                       const std::vector<Value>& parameters) = 0;
  // The same for a text made at run time (optional filters); prepared and kept as well, so the
  // number of different texts must be small.
  virtual absl::StatusOr<Rows> ExecuteText(const std::string& text,
                                           const std::vector<Value>& parameters) = 0;
  // Rows that the last statement inserted, updated or deleted.
  virtual int64_t affected() const = 0;
  virtual Engine engine() const = 0;
};

// One numbered step of a schema; the files of a service's migrations/ folder, compiled in by
// dramatis_embed_migrations(). `0001_name.sql` is for both engines, `0001_name.postgres.sql` and
// `0001_name.sqlite.sql` are twins.
struct Migration {
  int number;
  std::string name;
  std::string postgres;
  std::string sqlite;
};
// Defined by dramatis_embed_migrations(<target> <service>) as `const std::vector<Migration>&
// <service>_migrations()` in namespace dramatis::embedded, declared in
// "embedded/<service>_migrations.h".

struct DatabaseOptions {
  // `postgresql://...`, or a SQLite file's path.
  std::string url;
  // PostgreSQL: what stands in for `url` when a connection is made, where its password may change.
  // `refused` is a URL whose password the server has just refused, so that it is worth the while to
  // look for another one; else empty. Thread-safe. May block.
  std::function<std::string(const std::string& refused)> current_url = nullptr;
  // PostgreSQL: the schema that holds the service's tables, made by Migrate.
  std::string schema;
  // Most connections: SQLite uses one writer and `connections` readers.
  int connections = 16;
  // How long a call waits for a free connection, a lock or the server before UNAVAILABLE.
  absl::Duration timeout = absl::Seconds(5);
};

struct SchemaState {
  Engine engine;
  int version = 0;                   // of the database
  std::vector<std::string> pending;  // `0002_name` ...
};

class Database {
 public:
  virtual ~Database() = default;

  // Opens without touching the schema. PostgreSQL need not be up: calls answer UNAVAILABLE until it
  // is, and connections are made again after it was away.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const DatabaseOptions& options);

  // A consistent read: every statement sees the same state.
  template <class Function>
  std::invoke_result_t<Function, Transaction&> Read(Function function) {
    return Run(Mode::kRead, std::move(function));
  }
  // All or nothing. Commits when the function returns OK.
  template <class Function>
  std::invoke_result_t<Function, Transaction&> Write(Function function) {
    return Run(Mode::kWrite, std::move(function));
  }
  // The same without waiting for the disk: seen by everybody at once, and kept when the process
  // dies, but the last moments may be lost when the machine does. Never half of it, and nothing
  // that a later Write found there (SQLite: `synchronous=normal`; PostgreSQL:
  // `synchronous_commit=off`).
  template <class Function>
  std::invoke_result_t<Function, Transaction&> WriteSoon(Function function) {
    return Run(Mode::kWriteSoon, std::move(function));
  }

  // Applies pending migrations, each in a transaction, under a lock that other processes respect.
  // The names of those that it applied, in order.
  // FAILED_PRECONDITION if the schema is ahead of `migrations` or one that was applied has changed.
  virtual absl::StatusOr<std::vector<std::string>> Migrate(
      const std::vector<Migration>& migrations) = 0;
  // What Migrate would do. The same FAILED_PRECONDITION.
  virtual absl::StatusOr<SchemaState> CheckSchema(const std::vector<Migration>& migrations) = 0;

  // Between the processes that share this database; null where only one can have it open. Outlived
  // by the database, which need not be up.
  virtual std::unique_ptr<Notifier> OpenNotifier(const std::string& /*channel*/,
                                                 const NotificationHandlers& /*handlers*/) {
    return nullptr;
  }

  virtual Engine engine() const = 0;
  // Whether a trivial read succeeds now.
  virtual absl::Status Ping() = 0;

 protected:
  enum class Mode { kRead, kWrite, kWriteSoon };
  virtual absl::Status RunTransaction(
      Mode mode, const std::function<absl::Status(Transaction&)>& function) = 0;

 private:
  template <class Function>
  std::invoke_result_t<Function, Transaction&> Run(Mode mode, Function function) {
    using Result = std::invoke_result_t<Function, Transaction&>;
    if constexpr (std::is_same_v<Result, absl::Status>) {
      return RunTransaction(mode, function);
    } else {
      Result result = absl::UnknownError("the transaction did not run");
      absl::Status status = RunTransaction(mode, [&](Transaction& tx) {
        result = function(tx);
        return result.status();
      });
      if (!status.ok()) return status;
      return result;
    }
  }
};

}  // namespace dramatis::sql
