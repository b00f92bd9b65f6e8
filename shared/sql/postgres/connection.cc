#include "shared/sql/postgres/connection.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/sql/postgres/postgres_problem.h"
#include "shared/sql/postgres/values.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

constexpr char kBeginWrite[] = "begin isolation level read committed, read write";
constexpr char kBeginWriteSoon[] =
    "begin isolation level read committed, read write; set local synchronous_commit to off";
constexpr char kBeginSnapshot[] = "begin isolation level repeatable read, read only";

// Of the session, in one round trip. Reads need not begin a transaction, so they are forbidden to
// write by default. No statement here takes as long as to compile one, or to start processes that
// share its work.
std::string SessionSettings(const DatabaseOptions& options, pqxx::connection& connection) {
  const int64_t millis = absl::ToInt64Milliseconds(options.timeout);
  std::string sql = absl::StrCat(
      "set client_encoding to 'UTF8';"
      "set default_transaction_read_only to on;"
      "set jit to off;"
      "set max_parallel_workers_per_gather to 0;"
      "set statement_timeout to ",
      millis, ";set lock_timeout to ", millis, ";set idle_in_transaction_session_timeout to ",
      12 * millis);
  if (!options.schema.empty()) {
    absl::StrAppend(&sql, ";set search_path to ", connection.quote_name(options.schema));
  }
  return sql;
}

// libpqxx 6 gives no code where it has a type for it.
std::string CodeOf(const pqxx::sql_error& error) {
  if (!error.sqlstate().empty()) return error.sqlstate();
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) return "42501";
  if (dynamic_cast<const pqxx::disk_full*>(&error) != nullptr) return "53100";
  if (dynamic_cast<const pqxx::out_of_memory*>(&error) != nullptr) return "53200";
  if (dynamic_cast<const pqxx::feature_not_supported*>(&error) != nullptr) return "0A000";
  if (dynamic_cast<const pqxx::invalid_sql_statement_name*>(&error) != nullptr) return "26000";
  if (dynamic_cast<const pqxx::insufficient_resources*>(&error) != nullptr) return "53000";
  return "";
}

}  // namespace

std::string WithConnectionSettings(std::string url, absl::Duration timeout) {
  const int64_t millis = absl::ToInt64Milliseconds(timeout);
  const std::pair<const char*, std::string> settings[] = {
      {"connect_timeout", absl::StrCat(std::max<int64_t>(2, millis / 1000))},
      {"tcp_user_timeout", absl::StrCat(millis)},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"application_name", "dramatis"},
  };
  for (const auto& [name, value] : settings) {
    if (absl::StrContains(url, absl::StrCat(name, "="))) continue;
    absl::StrAppend(&url, absl::StrContains(url, "?") ? "&" : "?", name, "=", value);
  }
  return url;
}

absl::StatusOr<std::unique_ptr<Connection>> PostgresConnection::Open(const DatabaseOptions& options,
                                                                     Watchdog& watchdog) {
  std::string tried;
  try {
    return ConnectPostgres(options, [&](const std::string& url) {
      tried = url;
      return std::unique_ptr<Connection>(new PostgresConnection(options, url, watchdog));
    });
  } catch (const std::exception& error) {
    return DatabaseUnavailable("cannot connect", PostgresConnectProblem(tried, error.what()));
  }
}

PostgresConnection::PostgresConnection(const DatabaseOptions& options,
                                       const std::string& url,
                                       Watchdog& watchdog)
    : url_(url),
      connection_(
          std::make_unique<pqxx::connection>(WithConnectionSettings(url, options.timeout))) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // libpqxx 6 would connect anew behind our back, in the middle of a transaction.
  connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
  guard_ = std::make_unique<Watchdog::Guard>(watchdog, connection_->sock());
  work_ = std::make_unique<pqxx::nontransaction>(*connection_);
  guard_->Start();
  work_->exec(SessionSettings(options, *connection_));
  guard_->Stop();
}

PostgresConnection::~PostgresConnection() = default;

pqxx::result PostgresConnection::RunPrepared(std::string_view text,
                                             const std::vector<Value>& parameters) {
  const absl::string_view key(text.data(), text.size());
  auto found = prepared_.find(key);
  if (found == prepared_.end()) {
    const std::string name = absl::StrCat("s", prepared_.size());
    connection_->prepare(name, std::string(text));
    found = prepared_.emplace(std::string(text), name).first;
  }
  const PostgresParameters texts(parameters);
  return work_->exec_prepared(found->second, pqxx::prepare::make_dynamic_params(texts.pointers()));
}

pqxx::result PostgresConnection::RunSimple(const std::string& text) {
  return work_->exec(text);
}

template <class Call>
absl::Status PostgresConnection::Guard(Call call) {
  if (guarded_) guard_->Start();
  const auto stop = absl::MakeCleanup([this] { guard_->Stop(); });
  try {
    call();
    return absl::OkStatus();
  } catch (const pqxx::broken_connection&) {
    // libpqxx throws it also for 08P01, as for a wrong number of parameters: nothing is broken
    // then.
    return connection_->is_open() ? FailWith("08P01") : FailLost("connection lost");
  } catch (const pqxx::serialization_failure&) {
    return Fail(Failure::kConflict, DatabaseConflict());
  } catch (const pqxx::deadlock_detected&) {
    return Fail(Failure::kConflict, DatabaseConflict());
  } catch (const pqxx::sql_error& error) {
    return FailWith(CodeOf(error), error.what());
  } catch (const pqxx::failure&) {
    // Also what libpqxx throws for a connection that is closed already.
    return FailLost("connection failed");
  } catch (const std::exception&) {
    return Fail(Failure::kStatement, StatementError("the driver refused it"));
  }
}

absl::Status PostgresConnection::Begin(Access access) {
  first_read_ = {};
  committing_ = false;
  guarded_ = true;
  if (access == Access::kRead) {
    state_ = State::kFirstRead;
    return absl::OkStatus();
  }
  state_ = State::kTransaction;
  return Guard([&] {
    RunSimple(access == Access::kWrite       ? kBeginWrite
              : access == Access::kWriteSoon ? kBeginWriteSoon
                                             : kBeginSnapshot);
  });
}

absl::Status PostgresConnection::ContinueInTransaction() {
  // The statement that ran alone runs once more inside: if it gives the same, it is as if it had
  // been inside from the start; if not, the whole function has to run again.
  state_ = State::kTransaction;
  pqxx::result again;
  DRAMATIS_RETURN_IF_ERROR(Guard([&] {
    RunSimple(kBeginSnapshot);
    again = RunPrepared(first_read_.text, first_read_.parameters);
  }));
  if (SameResult(first_read_.result, again)) return absl::OkStatus();
  return Fail(Failure::kConflict, DatabaseConflict());
}

absl::StatusOr<Rows> PostgresConnection::DoExecute(std::string_view text,
                                                   const std::vector<Value>& parameters) {
  if (state_ == State::kSingleRead) DRAMATIS_RETURN_IF_ERROR(ContinueInTransaction());
  pqxx::result result;
  DRAMATIS_RETURN_IF_ERROR(Guard([&] { result = RunPrepared(text, parameters); }));
  if (state_ == State::kFirstRead) {
    state_ = State::kSingleRead;
    first_read_ = {std::string(text), parameters, result};
  }
  affected_ = static_cast<int64_t>(result.affected_rows());
  return PostgresRows(result);
}

absl::Status PostgresConnection::DoExecuteScript(const std::string& text) {
  guarded_ = false;
  return Guard([&] { RunSimple(text); });
}

absl::Status PostgresConnection::Commit() {
  const bool open = state_ == State::kTransaction;
  state_ = State::kIdle;
  first_read_ = {};
  if (!open) return absl::OkStatus();
  committing_ = true;
  return Guard([&] { RunSimple("commit"); });
}

void PostgresConnection::Rollback() {
  const bool open = state_ == State::kTransaction || committing_;
  state_ = State::kIdle;
  first_read_ = {};
  if (!open || !usable()) return;
  const absl::Status status = Guard([&] { RunSimple("rollback"); });
  if (!status.ok()) SetUnusable();
}

absl::Status PostgresConnection::FailLost(const std::string& what) {
  SetUnusable();
  return Fail(committing_ ? Failure::kInDoubt : Failure::kLost, DatabaseUnavailable(what));
}

// https://www.postgresql.org/docs/15/errcodes-appendix.html
absl::Status PostgresConnection::FailWith(const std::string& sqlstate, std::string_view said) {
  if (!connection_->is_open()) return FailLost(sqlstate);
  if (sqlstate == "40001" || sqlstate == "40P01") {
    return Fail(Failure::kConflict, DatabaseConflict());
  }
  if (sqlstate == "23505") return Fail(Failure::kStatement, UniqueViolation());
  if (absl::StartsWith(sqlstate, "23")) return Fail(Failure::kStatement, ConstraintViolation());
  // 57P0x shutdown, 25P03 a transaction that idled; 26000 and 0A000 a prepared statement that is
  // gone, or was made before a migration: this connection is of no more use, the next may be.
  if (absl::StartsWith(sqlstate, "57P") || sqlstate == "25P03" || sqlstate == "26000" ||
      sqlstate == "0A000") {
    return FailLost(sqlstate);
  }
  // 53 resources, 58 the system; 55P03 and 57014 a lock or statement that took too long.
  if (absl::StartsWith(sqlstate, "53") || absl::StartsWith(sqlstate, "58") || sqlstate == "55P03" ||
      sqlstate == "57014") {
    return Fail(Failure::kStatement,
                DatabaseUnavailable(sqlstate, PostgresStatementProblem(url_, sqlstate, said)));
  }
  return Fail(Failure::kStatement, StatementError(sqlstate.empty() ? "no code" : sqlstate,
                                                  PostgresStatementProblem(url_, sqlstate, said)));
}

}  // namespace dramatis::sql
