#include "shared/objects/folder.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "shared/status/macros.h"
#include "shared/status/system_message.h"

namespace dramatis::objects {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPieceBytes = size_t{256} * 1024;
constexpr absl::Duration kLeftoversAge = absl::Hours(24);
constexpr int kMostTries = 100;

absl::Status NoKey() {
  return absl::InvalidArgumentError("the object's key is malformed");
}

// Names the file: for the log.
absl::Status FileError(const char* what, const fs::path& path, int error) {
  const std::string text =
      absl::StrCat("cannot ", what, " ", path.string(), ": ", SystemMessage(error));
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::UnavailableError(text);
}

absl::Status Missing(const std::string& key) {
  return absl::NotFoundError(absl::StrCat("there is no object ", key));
}

// The name of a file is not seen while a part of its path is a file or too long.
bool IsMissing(int error) {
  return error == ENOENT || error == ENOTDIR;
}

ObjectInfo InfoOf(const std::string& key, const struct stat& found) {
  const absl::Time modified = absl::TimeFromTimespec(found.st_mtim);
  return {
      .key = key,
      .bytes = found.st_size,
      .version = absl::StrCat(found.st_ino, "-", found.st_size, "-", absl::ToUnixNanos(modified)),
      .modified = modified};
}

absl::Status WriteAll(int file, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FileError("write", path, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// So that a file's new name, or its end, survives the machine's. A folder that is gone was empty.
absl::Status SyncFolder(const fs::path& folder) {
  const int opened = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0 && IsMissing(errno)) return absl::OkStatus();
  if (opened < 0) return FileError("open", folder, errno);
  const int synced = fsync(opened);
  const int error = errno;
  close(opened);
  return synced == 0 ? absl::OkStatus() : FileError("write", folder, error);
}

absl::Status MakeFolders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return FileError("make", folder, error.value());
  return absl::OkStatus();
}

}  // namespace

FolderObjects::FolderObjects(fs::path folder) : folder_(std::move(folder)) {}

absl::Status FolderObjects::Put(const std::string& key, const Pieces& next) {
  if (!IsKey(key)) return NoKey();
  DRAMATIS_RETURN_IF_ERROR(MakeFolders(Unfinished()));
  RemoveLeftovers();
  std::string path = (Unfinished() / "XXXXXX").string();
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) return FileError("make a file in", Unfinished(), errno);
  const absl::Cleanup close_file = [file] { close(file); };
  absl::Cleanup remove_file = [&path] { unlink(path.c_str()); };
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::string piece, next());
    if (piece.empty()) break;
    DRAMATIS_RETURN_IF_ERROR(WriteAll(file, piece, path));
  }
  if (fsync(file) != 0) return FileError("write", path, errno);
  DRAMATIS_RETURN_IF_ERROR(Publish(path, key));
  std::move(remove_file).Cancel();
  return absl::OkStatus();
}

absl::Status FolderObjects::Publish(const fs::path& written, const std::string& key) const {
  const fs::path target = folder_ / key;
  // A Delete beside us takes away folders that are empty.
  for (int tries = 1;; ++tries) {
    std::error_code made;
    fs::create_directories(target.parent_path(), made);
    if (!made && rename(written.c_str(), target.c_str()) == 0) break;
    const int error = made ? made.value() : errno;
    if (error != ENOENT || tries == kMostTries) return FileError("write", target, error);
  }
  for (fs::path folder = target.parent_path();; folder = folder.parent_path()) {
    DRAMATIS_RETURN_IF_ERROR(SyncFolder(folder));
    if (folder == folder_ || folder == folder.parent_path()) break;
  }
  return absl::OkStatus();
}

void FolderObjects::RemoveLeftovers() const {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(Unfinished(), error)) {
    struct stat found{};
    const bool old = stat(entry.path().c_str(), &found) == 0 &&
                     absl::Now() - absl::TimeFromTimespec(found.st_mtim) > kLeftoversAge;
    if (old) unlink(entry.path().c_str());
  }
}

absl::StatusOr<ObjectInfo> FolderObjects::Get(const std::string& key, const Sink& sink) {
  if (!IsKey(key)) return NoKey();
  const fs::path path = folder_ / key;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return IsMissing(errno) ? Missing(key) : FileError("read", path, errno);
  const absl::Cleanup close_file = [file] { close(file); };
  struct stat found{};
  if (fstat(file, &found) != 0) return FileError("read", path, errno);
  if (!S_ISREG(found.st_mode)) return Missing(key);
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const ssize_t bytes = read(file, piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return FileError("read", path, errno);
    if (bytes == 0) break;
    DRAMATIS_RETURN_IF_ERROR(sink(std::string_view(piece).substr(0, static_cast<size_t>(bytes))));
  }
  return InfoOf(key, found);
}

absl::StatusOr<ObjectInfo> FolderObjects::Look(const std::string& key) {
  if (!IsKey(key)) return NoKey();
  const fs::path path = folder_ / key;
  struct stat found{};
  if (stat(path.c_str(), &found) != 0) {
    return IsMissing(errno) ? Missing(key) : FileError("read", path, errno);
  }
  if (!S_ISREG(found.st_mode)) return Missing(key);
  return InfoOf(key, found);
}

absl::Status FolderObjects::Delete(const std::string& key) {
  if (!IsKey(key)) return NoKey();
  const fs::path path = folder_ / key;
  if (unlink(path.c_str()) != 0) {
    // A folder of keys is no object.
    if (IsMissing(errno) || errno == EISDIR) return absl::OkStatus();
    return FileError("delete", path, errno);
  }
  DRAMATIS_RETURN_IF_ERROR(SyncFolder(path.parent_path()));
  for (fs::path folder = path.parent_path(); folder != folder_; folder = folder.parent_path()) {
    if (rmdir(folder.c_str()) != 0) break;  // not empty
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FolderObjects::Keys(const std::string& prefix,
                                                             const std::string& after) const {
  const fs::path top = folder_ / prefix;
  for (int tries = 1;; ++tries) {
    std::error_code error;
    std::vector<std::string> keys;
    auto entries = fs::recursive_directory_iterator(top, error);
    for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
      std::error_code gone;
      if (entries->is_directory(gone)) {
        if (entries->path().filename().string().starts_with('.')) {
          entries.disable_recursion_pending();
        }
        continue;
      }
      const std::string key = entries->path().lexically_relative(folder_).generic_string();
      if (key > after && IsKey(key)) keys.push_back(key);
    }
    if (!error) return keys;
    std::error_code unknown;
    if (IsMissing(error.value()) && !fs::exists(top, unknown)) return std::vector<std::string>();
    // A Delete beside us takes away folders that are empty.
    if (!IsMissing(error.value()) || tries == kMostTries) {
      return FileError("read", top, error.value());
    }
  }
}

absl::StatusOr<std::vector<ObjectInfo>> FolderObjects::List(const std::string& prefix,
                                                            const std::string& after,
                                                            int most) {
  if (!IsPrefix(prefix)) {
    return absl::InvalidArgumentError("the prefix of the objects' keys is malformed");
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, Keys(prefix, after));
  std::sort(keys.begin(), keys.end());
  std::vector<ObjectInfo> found;
  for (const std::string& key : keys) {
    if (found.size() >= static_cast<size_t>(most)) break;
    absl::StatusOr<ObjectInfo> info = Look(key);
    if (absl::IsNotFound(info.status())) continue;  // deleted meanwhile
    if (!info.ok()) return info.status();
    found.push_back(*std::move(info));
  }
  return found;
}

}  // namespace dramatis::objects
