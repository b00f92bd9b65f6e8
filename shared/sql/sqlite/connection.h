// A connection to a SQLite file (https://sqlite.org/c3ref/intro.html).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "shared/sql/connection.h"

namespace dramatis::sql {

class SqliteConnection : public Connection {
 public:
  // Opens or makes the file. A reader cannot write. `timeout`: how long a statement waits for locks
  // that other processes hold.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path,
                                                          Access access,
                                                          absl::Duration timeout);
  ~SqliteConnection() override = default;

  int64_t affected() const override { return affected_; }
  Engine engine() const override { return Engine::kSqlite; }

 protected:
  absl::Status Begin(Access access) override;
  absl::Status Commit() override;
  void Rollback() override;
  absl::StatusOr<Rows> DoExecute(std::string_view text,
                                 const std::vector<Value>& parameters) override;
  absl::Status DoExecuteScript(const std::string& text) override;

 private:
  struct CloseHandle {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
    std::vector<int> indexes;  // of $1, $2, ... as SQLite numbers them
  };

  SqliteConnection(sqlite3* handle, Access access, std::string path)
      : access_(access), path_(std::move(path)), handle_(handle) {}
  // Applies what can be applied again. Where another connection is writing, SQLite refuses to
  // change the journal at once, without its busy handler: so where many open a new file together.
  absl::Status Set(const char* settings, absl::Duration timeout);
  absl::StatusOr<Prepared*> Prepare(std::string_view text);
  absl::Status Bind(const Prepared& prepared, const std::vector<Value>& parameters);
  // The failure of the last call, which returned `code`.
  absl::Status FailWith(int code);
  // What is wrong with the file, for whoever runs the program.
  std::string ProblemOf(int code) const;

  const Access access_;
  const std::string path_;
  bool waits_for_disk_ = true;  // `synchronous` is `full`
  std::unique_ptr<sqlite3, CloseHandle> handle_;
  absl::flat_hash_map<std::string, Prepared> prepared_;  // gone before handle_
  int64_t affected_ = 0;
};

}  // namespace dramatis::sql
