#include "shared/program/databases.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "shared/status/macros.h"
#include "shared/status/system_message.h"

namespace dramatis {
namespace {

bool Embedded(const CommonConfig& config) {
  return config.database_url.empty();
}

absl::Status FolderError(const std::string& folder, const char* what) {
  const int error = errno;
  return absl::UnavailableError(absl::StrCat(
      "cannot ", what, " the data folder ", folder, ": ", SystemMessage(error), ": ",
      error == ENOSPC ? "make room on its disk" : "give this user the right to write there",
      ", or name another folder with DRAMATIS_DATA_DIR"));
}

// What a holder of the lock has written into it; empty where it has not yet.
std::string HolderOf(int file) {
  std::array<char, 16> digits{};
  const ssize_t size = pread(file, digits.data(), digits.size(), 0);
  if (size <= 0) return "";
  const std::string_view text(digits.data(), static_cast<size_t>(size));
  return std::string(text.substr(0, text.find_first_not_of("0123456789")));
}

void NameHolder(int file) {
  const std::string holder = absl::StrCat(getpid(), "\n");
  // Only for people who look for it: where it cannot be written, the lock holds all the same.
  (void)!ftruncate(file, 0);
  (void)!pwrite(file, holder.data(), holder.size(), 0);
}

}  // namespace

absl::StatusOr<DataFolderLock> DataFolderLock::Take(const std::string& folder,
                                                    const std::string& module) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
  if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return FolderError(folder, "make");
  const std::string path = absl::StrCat(folder, "/", module, ".lock");
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return FolderError(folder, "write to");
  DataFolderLock lock(file);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = HolderOf(file);
    return absl::FailedPreconditionError(
        absl::StrCat("another process ", holder.empty() ? "" : absl::StrCat("(", holder, ") "),
                     "uses ", folder, ": end it, or name another folder with DRAMATIS_DATA_DIR"));
  }
  NameHolder(file);
  return lock;
}

DataFolderLock::DataFolderLock(DataFolderLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

DataFolderLock& DataFolderLock::operator=(DataFolderLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

DataFolderLock::~DataFolderLock() {
  if (file_ >= 0) close(file_);
}

absl::StatusOr<ModuleDatabase> OpenModuleDatabase(const CommonConfig& config,
                                                  const ModuleFactory& module) {
  ModuleDatabase opened;
  sql::DatabaseOptions options;
  options.url = config.database_url;
  options.current_url = config.current_database_url;
  options.schema = module.name;
  options.connections = config.database_connections;
  if (Embedded(config)) {
    DRAMATIS_ASSIGN_OR_RETURN(DataFolderLock lock,
                              DataFolderLock::Take(config.data_dir, module.name));
    opened.lock = std::make_unique<DataFolderLock>(std::move(lock));
    options.url = absl::StrCat(config.data_dir, "/", module.name, ".db");
  }
  DRAMATIS_ASSIGN_OR_RETURN(opened.database, sql::Database::Open(options));
  return opened;
}

absl::Status PrepareSchema(sql::Database& database,
                           const ModuleFactory& module,
                           const std::string& program,
                           bool admin_mutations) {
  if (database.engine() == sql::Engine::kSqlite) {
    return database.Migrate(module.migrations()).status();
  }
  DRAMATIS_ASSIGN_OR_RETURN(const sql::SchemaState state,
                            database.CheckSchema(module.migrations()));
  if (state.pending.empty()) return absl::OkStatus();
  const std::string lacks =
      absl::StrCat("the schema ", module.name, " lacks ", absl::StrJoin(state.pending, ", "),
                   ": run `", program, " migrate`");
  if (!admin_mutations) return absl::FailedPreconditionError(lacks);
  return absl::UnavailableError(absl::StrCat(lacks, " or POST /api/admin/setup-database"));
}

}  // namespace dramatis
