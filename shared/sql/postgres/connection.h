// A connection to PostgreSQL through libpqxx. Settings and prepared statements belong to the
// session: a pooler in between must pool sessions, not transactions or statements.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pqxx/pqxx>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "shared/sql/connection.h"
#include "shared/sql/postgres/postgres_problem.h"
#include "shared/sql/watchdog.h"

namespace dramatis::sql {

// The URL with our settings for the connection itself where it does not say otherwise, so that a
// server that has vanished is noticed
// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
std::string WithConnectionSettings(std::string url, absl::Duration timeout);

// Makes a connection by `make(url)`, which throws as pqxx::connection does: once more where the
// server refuses the password and there is another one by now.
template <class Make>
auto ConnectPostgres(const DatabaseOptions& options, const Make& make) {
  if (options.current_url == nullptr) return make(options.url);
  const std::string url = options.current_url("");
  try {
    return make(url);
  } catch (const std::exception& error) {
    if (!PasswordRefused(error.what())) throw;
    const std::string other = options.current_url(url);
    if (other == url) throw;
    return make(other);
  }
}

class PostgresConnection : public Connection {
 public:
  // Connects. UNAVAILABLE if that is not possible within the options' time-out.
  // `watchdog` outlives it.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const DatabaseOptions& options,
                                                          Watchdog& watchdog);
  ~PostgresConnection() override;

  int64_t affected() const override { return affected_; }
  Engine engine() const override { return Engine::kPostgres; }

 protected:
  absl::Status Begin(Access access) override;
  absl::Status Commit() override;
  void Rollback() override;
  absl::StatusOr<Rows> DoExecute(std::string_view text,
                                 const std::vector<Value>& parameters) override;
  absl::Status DoExecuteScript(const std::string& text) override;

 private:
  // A read begins without a transaction: a single statement needs none, which saves two round
  // trips. A second statement starts one, see ContinueInTransaction.
  enum class State { kIdle, kFirstRead, kSingleRead, kTransaction };
  struct Read {
    std::string text;
    std::vector<Value> parameters;
    pqxx::result result;
  };

  PostgresConnection(const DatabaseOptions& options, const std::string& url, Watchdog& watchdog);
  pqxx::result RunPrepared(std::string_view text, const std::vector<Value>& parameters);
  pqxx::result RunSimple(const std::string& text);
  absl::Status ContinueInTransaction();
  // Calls `call`, and classifies what it throws.
  template <class Call>
  absl::Status Guard(Call call);
  // `said`: the server's words.
  absl::Status FailWith(const std::string& sqlstate, std::string_view said = "");
  absl::Status FailLost(const std::string& what);

  const std::string url_;
  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<Watchdog::Guard> guard_;      // gone before connection_
  bool guarded_ = true;                         // not in migrations, which may take long
  std::unique_ptr<pqxx::nontransaction> work_;  // statements go through it; gone before connection_
  absl::flat_hash_map<std::string, std::string> prepared_;  // text to name
  State state_ = State::kIdle;
  Read first_read_;  // where state_ is kSingleRead
  bool committing_ = false;
  int64_t affected_ = 0;
};

}  // namespace dramatis::sql
