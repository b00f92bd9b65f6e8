#include "shared/sql/sqlite/database.h"

#include <filesystem>
#include <system_error>

#include "shared/sql/group_commit.h"
#include "shared/sql/pooled_database.h"
#include "shared/sql/sqlite/connection.h"
#include "shared/status/macros.h"

namespace dramatis::sql {
namespace {

class SqliteDatabase : public PooledDatabase {
 public:
  explicit SqliteDatabase(const DatabaseOptions& options)
      : PooledDatabase(options.timeout),
        writer_(1,
                [options] {
                  return SqliteConnection::Open(options.url, Access::kWrite, options.timeout);
                }),
        readers_(options.connections, [this, options] { return OpenReader(options); }),
        commits_(options.timeout, [this](const GroupCommit::Write& write, GroupCommit::Disk disk) {
          const bool waits = disk == GroupCommit::Disk::kWaits;
          return RunOn(writer_, waits ? Access::kWrite : Access::kWriteSoon, write);
        }) {}

  Engine engine() const override { return Engine::kSqlite; }

 protected:
  absl::Status RunTransaction(Mode mode, const GroupCommit::Write& function) override {
    using Disk = GroupCommit::Disk;
    if (mode == Mode::kRead) return PooledDatabase::RunTransaction(mode, function);
    return commits_.Run(function, mode == Mode::kWrite ? Disk::kWaits : Disk::kSoon);
  }

  ConnectionPool& PoolFor(Access access) override {
    return access == Access::kWrite || access == Access::kWriteSoon ? writer_ : readers_;
  }

  // `begin immediate` is the lock.
  absl::Status PrepareMigration(Transaction&) override { return absl::OkStatus(); }

 private:
  absl::StatusOr<std::unique_ptr<Connection>> OpenReader(const DatabaseOptions& options) {
    std::error_code error;
    if (!std::filesystem::exists(options.url, error)) {
      // The writer makes the file, as what it has to be.
      DRAMATIS_RETURN_IF_ERROR(writer_.Take(absl::Now() + options.timeout).status());
    }
    return SqliteConnection::Open(options.url, Access::kRead, options.timeout);
  }

  ConnectionPool writer_;
  ConnectionPool readers_;
  GroupCommit commits_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> OpenSqlite(const DatabaseOptions& options) {
  const std::filesystem::path folder = std::filesystem::path(options.url).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::FailedPreconditionError("the folder of the database cannot be made: " +
                                         error.message());
  }
  return std::make_unique<SqliteDatabase>(options);
}

}  // namespace dramatis::sql
