// The databases of a program's modules: one SQLite file each below the data folder, or one schema
// each of a PostgreSQL database.
//
// An embedded database brings its schema up to date by itself when the program starts. A server's
// schema is shared by many processes, so it is only changed on request: by the command `migrate`,
// or by an admin through the API where the deployment allows that. A program refuses to start on
// one that is ahead or altered; on one that lacks migrations it waits for the admin, or refuses
// too.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/config/environment.h"
#include "shared/rpc/module.h"
#include "shared/sql/database.h"

namespace dramatis {

// Holds the data folder's lock of one module, so that no second process opens its SQLite file.
class DataFolderLock {
 public:
  // Makes the folder (mode 0700) where it is missing. FAILED_PRECONDITION if another process has
  // the lock, UNAVAILABLE if the folder cannot be made or written.
  static absl::StatusOr<DataFolderLock> Take(const std::string& folder, const std::string& module);
  DataFolderLock(DataFolderLock&& other) noexcept;
  DataFolderLock& operator=(DataFolderLock&& other) noexcept;
  ~DataFolderLock();

 private:
  explicit DataFolderLock(int file) : file_(file) {}
  int file_;
};

// A module's database, opened; the schema is not touched.
struct ModuleDatabase {
  std::unique_ptr<DataFolderLock> lock;  // embedded only
  std::unique_ptr<sql::Database> database;
};

absl::StatusOr<ModuleDatabase> OpenModuleDatabase(const CommonConfig& config,
                                                  const ModuleFactory& module);

// Embedded: migrates. Server: checks. UNAVAILABLE while the server cannot be reached, and where
// migrations are pending that an admin may apply (`admin_mutations`); otherwise
// FAILED_PRECONDITION. Both say which command mends it.
absl::Status PrepareSchema(sql::Database& database,
                           const ModuleFactory& module,
                           const std::string& program,
                           bool admin_mutations);

}  // namespace dramatis
