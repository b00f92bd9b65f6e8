#include "shared/sql/sqlite/connection.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "shared/sql/sqlite/sqlite_problem.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

// https://sqlite.org/pragma.html. A checkpoint after 16 MiB instead of 4: pages that every turn
// writes are carried into the file, and waited for, a quarter as often.
constexpr char kWriterSettings[] = R"(
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
  pragma journal_size_limit = 67108864;
  pragma wal_autocheckpoint = 4000)";
constexpr char kReaderSettings[] = R"(
  pragma query_only = on)";

// Between two attempts to get a lock that SQLite itself does not wait for.
constexpr absl::Duration kLockPause = absl::Milliseconds(5);

// What a savepoint would have to put back is kept in memory up to this size, and in a file of its
// own beyond it. SQLite's 64 KiB are less than what a group commit's members change, each of which
// has a savepoint: a third of all writes of a chat went into such files. When it is outgrown, all
// of it is written at once, and of a write of 128 KiB and more SQLite's unixWrite() (os_unix.c)
// makes one that is short and then one of no bytes, which it reports as a full disk.
constexpr int kSavepointBytes = 128 * 1024 - 1;

// For the whole process, and before anything else of SQLite is used.
void ConfigureOnce() {
  static const int configured = sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, kSavepointBytes);
  (void)configured;  // where somebody was faster, it works as well, only slower
}

// The result code's name without what is behind it, for our own log: never the message, which
// holds SQL and values.
std::string NameOf(int code) {
  return absl::StrCat("SQLITE ", code);
}

Value ColumnValue(sqlite3_stmt* statement, int column) {
  const auto bytes = [&](const void* data) {
    return std::string(static_cast<const char*>(data), sqlite3_column_bytes(statement, column));
  };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return Value(static_cast<int64_t>(sqlite3_column_int64(statement, column)));
    case SQLITE_FLOAT:
      return Value(sqlite3_column_double(statement, column));
    case SQLITE_TEXT:
      return Value(bytes(sqlite3_column_text(statement, column)));
    case SQLITE_BLOB: {
      const void* data = sqlite3_column_blob(statement, column);
      return Value(Bytes{data == nullptr ? std::string() : bytes(data)});
    }
    default:
      return Value();
  }
}

struct BindValue {
  sqlite3_stmt* statement;
  int index;
  int operator()(std::monostate) const { return sqlite3_bind_null(statement, index); }
  int operator()(bool v) const { return sqlite3_bind_int64(statement, index, v ? 1 : 0); }
  int operator()(int64_t v) const { return sqlite3_bind_int64(statement, index, v); }
  int operator()(double v) const { return sqlite3_bind_double(statement, index, v); }
  // The parameters outlive the statement's run: SQLite need not copy them.
  int operator()(const std::string& v) const {
    return sqlite3_bind_text64(statement, index, v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(const Bytes& v) const {
    return sqlite3_bind_blob64(statement, index, v.data.data(), v.data.size(), SQLITE_STATIC);
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> SqliteConnection::Open(const std::string& path,
                                                                   Access access,
                                                                   absl::Duration timeout) {
  ConfigureOnce();
  // Made by ourselves, since SQLite would let everybody read it.
  if (access == Access::kWrite) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
      const int error = errno;
      const bool forbidden = error == EACCES || error == EPERM || error == EROFS;
      return DatabaseUnavailable(
          "the file cannot be opened",
          SqliteProblem(path, forbidden ? SQLITE_READONLY : SQLITE_CANTOPEN, error));
    }
    close(file);
  }
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  // SQLite gives a handle, to be closed, also where it fails.
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(handle, access, path));
  if (code != SQLITE_OK) return connection->FailWith(code);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
  DRAMATIS_RETURN_IF_ERROR(
      connection->Set(access == Access::kWrite ? kWriterSettings : kReaderSettings, timeout));
  return std::unique_ptr<Connection>(std::move(connection));
}

absl::Status SqliteConnection::Set(const char* settings, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const auto apply = [&] {
    return sqlite3_exec(handle_.get(), settings, nullptr, nullptr, nullptr);
  };
  int code = apply();
  while (PrimaryCode(code) == SQLITE_BUSY && absl::Now() < deadline) {
    absl::SleepFor(kLockPause);
    code = apply();
  }
  return code == SQLITE_OK ? absl::OkStatus() : FailWith(code);
}

absl::Status SqliteConnection::Begin(Access access) {
  const bool writes = access == Access::kWrite || access == Access::kWriteSoon;
  if (writes && waits_for_disk_ != (access == Access::kWrite)) {
    // Of the connection, and not to be changed within a transaction.
    waits_for_disk_ = access == Access::kWrite;
    DRAMATIS_RETURN_IF_ERROR(DoExecuteScript(waits_for_disk_ ? "pragma synchronous = full"
                                                             : "pragma synchronous = normal"));
  }
  // A writer takes its lock first, so that no transaction can fail half way for want of it.
  return DoExecute(writes ? "begin immediate" : "begin", {}).status();
}

absl::Status SqliteConnection::Commit() {
  return DoExecute("commit", {}).status();
}

void SqliteConnection::Rollback() {
  // Some failures have rolled back already (https://sqlite.org/lang_transaction.html).
  if (sqlite3_get_autocommit(handle_.get()) != 0) return;
  if (sqlite3_exec(handle_.get(), "rollback", nullptr, nullptr, nullptr) != SQLITE_OK) {
    SetUnusable();
  }
}

absl::StatusOr<SqliteConnection::Prepared*> SqliteConnection::Prepare(std::string_view text) {
  const absl::string_view key(text.data(), text.size());
  if (const auto found = prepared_.find(key); found != prepared_.end()) return &found->second;
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), text.data(), static_cast<int>(text.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &tail);
  Prepared prepared{std::unique_ptr<sqlite3_stmt, Finalize>(statement), {}};
  if (code != SQLITE_OK) return FailWith(code);
  const std::string_view rest = text.substr(static_cast<size_t>(tail - text.data()));
  if (statement == nullptr || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    return Fail(Failure::kStatement, StatementError("not one statement"));
  }
  const int count = sqlite3_bind_parameter_count(statement);
  for (int i = 1; i <= count; ++i) {
    prepared.indexes.push_back(
        sqlite3_bind_parameter_index(statement, absl::StrCat("$", i).c_str()));
  }
  return &(prepared_[key] = std::move(prepared));
}

absl::Status SqliteConnection::Bind(const Prepared& prepared,
                                    const std::vector<Value>& parameters) {
  if (parameters.size() != prepared.indexes.size()) {
    return Fail(Failure::kStatement, StatementError("wrong number of parameters"));
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    const int code =
        std::visit(BindValue{prepared.statement.get(), prepared.indexes[i]}, parameters[i].data());
    if (code != SQLITE_OK) return FailWith(code);
  }
  return absl::OkStatus();
}

absl::StatusOr<Rows> SqliteConnection::DoExecute(std::string_view text,
                                                 const std::vector<Value>& parameters) {
  DRAMATIS_ASSIGN_OR_RETURN(Prepared * prepared, Prepare(text));
  sqlite3_stmt* statement = prepared->statement.get();
  const auto reset = absl::MakeCleanup([statement] {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  });
  DRAMATIS_RETURN_IF_ERROR(Bind(*prepared, parameters));
  Rows rows;
  const int64_t before = sqlite3_total_changes64(handle_.get());
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    std::vector<Value> values;
    const int columns = sqlite3_column_count(statement);
    values.reserve(columns);
    for (int i = 0; i < columns; ++i)
      values.push_back(ColumnValue(statement, i));
    rows.emplace_back(std::move(values));
  }
  if (code != SQLITE_DONE) return FailWith(code);
  // sqlite3_changes keeps the number of the last statement that wrote.
  affected_ = sqlite3_total_changes64(handle_.get()) == before
                  ? 0
                  : static_cast<int64_t>(sqlite3_changes64(handle_.get()));
  return rows;
}

absl::Status SqliteConnection::DoExecuteScript(const std::string& text) {
  const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : FailWith(code);
}

absl::Status SqliteConnection::FailWith(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Fail(Failure::kStatement, UniqueViolation());
    case SQLITE_CONSTRAINT_FOREIGNKEY:
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
      return Fail(Failure::kStatement, ConstraintViolation());
    default:
      break;
  }
  if (PrimaryCode(code) == SQLITE_READONLY && access_ == Access::kRead) {
    // A statement that writes, in a read.
    return Fail(Failure::kStatement, StatementError(NameOf(code)));
  }
  switch (PrimaryCode(code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      // The plain code comes after the time-out has passed; the others at once, as where a snapshot
      // is too old to write on (https://sqlite.org/rescode.html).
      return Fail(code == SQLITE_BUSY ? Failure::kStatement : Failure::kConflict,
                  DatabaseUnavailable(NameOf(code), ProblemOf(code)));
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      // Opened anew the next time: what is wrong may have been put right.
      SetUnusable();
      return Fail(Failure::kStatement, DatabaseUnavailable(NameOf(code), ProblemOf(code)));
    default:
      return Fail(Failure::kStatement, StatementError(NameOf(code)));
  }
}

std::string SqliteConnection::ProblemOf(int code) const {
  // Of failures that came from the system; SQLite keeps the last one for ever.
  const int kind = PrimaryCode(code);
  const bool from_system = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN;
  return SqliteProblem(path_, code, from_system ? sqlite3_system_errno(handle_.get()) : 0);
}

}  // namespace dramatis::sql
