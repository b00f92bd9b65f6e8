#include "shared/config/watched_file.h"

#include <cerrno>
#include <fstream>
#include <sstream>

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "shared/status/system_message.h"

namespace dramatis {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

int64_t Nanos(const timespec& time) {
  return int64_t{time.tv_sec} * kNanosPerSecond + time.tv_nsec;
}

}  // namespace

WatchedFile::Mark WatchedFile::Look() const {
  struct stat found{};
  if (stat(path_.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, Nanos(found.st_mtim), Nanos(found.st_ctim)};
}

absl::StatusOr<std::string> WatchedFile::Read(int most_mebibytes) {
  const std::streamsize most = std::streamsize{most_mebibytes} * 1024 * 1024;
  // Before the content: what is written meanwhile is seen as a change.
  seen_ = Look();
  errno = 0;
  std::ifstream file(path_, std::ios::binary);
  std::string text;
  if (file) {
    text.resize(static_cast<size_t>(most) + 1);
    file.read(text.data(), most + 1);
    text.resize(static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    return absl::UnavailableError(
        absl::StrCat("cannot read ", path_, ": ", SystemMessage(errno == 0 ? EIO : errno)));
  }
  if (text.size() > static_cast<size_t>(most)) {
    return absl::UnavailableError(absl::StrCat(path_, " is larger than ", most_mebibytes, " MiB"));
  }
  return text;
}

bool WatchedFile::Changed() const {
  return Look() != seen_;
}

}  // namespace dramatis
