// A file without a name, for what is too large for memory: gone with the object, or the process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dramatis::conversation {

// One thread at a time.
class TemporaryFile {
 public:
  // In the folder. UNAVAILABLE, with what to do as its cause, where that cannot be written.
  static absl::StatusOr<std::unique_ptr<TemporaryFile>> Make(const std::string& folder);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  // At the end.
  absl::Status Append(std::string_view bytes) { return Write(size_, bytes); }
  // From `offset` on, over what is there.
  absl::Status Write(int64_t offset, std::string_view bytes);
  // At most `most` bytes from `offset`; empty at the end.
  absl::StatusOr<std::string> Read(int64_t offset, size_t most) const;
  int64_t size() const { return size_; }
  int descriptor() const { return descriptor_; }

 private:
  TemporaryFile(int descriptor, std::string folder)
      : descriptor_(descriptor), folder_(std::move(folder)) {}
  absl::Status Failed(const char* doing) const;

  const int descriptor_;
  const std::string folder_;
  int64_t size_ = 0;
};

}  // namespace dramatis::conversation
