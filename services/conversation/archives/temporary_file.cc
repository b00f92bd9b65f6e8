#include "services/conversation/archives/temporary_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"
#include "shared/status/system_message.h"

namespace dramatis::conversation {

absl::StatusOr<std::unique_ptr<TemporaryFile>> TemporaryFile::Make(const std::string& folder) {
  std::string name = folder + "/dramatis-archive-XXXXXX";
  const int descriptor = mkostemp(name.data(), O_CLOEXEC);
  std::unique_ptr<TemporaryFile> file(new TemporaryFile(descriptor, folder));
  if (descriptor < 0) return file->Failed("made");
  (void)unlink(name.c_str());
  return file;
}

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) (void)close(descriptor_);
}

absl::Status TemporaryFile::Failed(const char* doing) const {
  return WithCause(UnavailableError("there is no room for archives just now"),
                   absl::StrCat("a temporary file in ", folder_, " cannot be ", doing, ": ",
                                SystemMessage(errno),
                                "; let this program write there, and leave room for archives"));
}

absl::Status TemporaryFile::Write(int64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("written");
    offset += written;
    size_ = std::max(size_, offset);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TemporaryFile::Read(int64_t offset, size_t most) const {
  std::string bytes(most, '\0');
  while (true) {
    const ssize_t read = pread(descriptor_, bytes.data(), most, offset);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return Failed("read");
    bytes.resize(static_cast<size_t>(read));
    return bytes;
  }
}

}  // namespace dramatis::conversation
