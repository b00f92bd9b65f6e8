// A file that is read again when it changes: keys and certificates, which are replaced while a
// program runs.
//
//   WatchedFile file("/etc/dramatis/identity/keys.json");
//   absl::StatusOr<std::string> text = file.Read();
//   ...
//   if (file.Changed()) text = file.Read();   // every now and then
//
// A replaced file, one written over, and a link that points elsewhere (Kubernetes) all count as
// changed. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"

namespace dramatis {

class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}

  // The whole content. UNAVAILABLE names the file and says why it cannot be read.
  absl::StatusOr<std::string> Read(int most_mebibytes = 1);
  // Whether it is another file, or another content, than Read last saw.
  bool Changed() const;
  const std::string& path() const { return path_; }

 private:
  // Device, inode, size, and when it was written and moved here, in nanoseconds.
  using Mark = std::tuple<uint64_t, uint64_t, int64_t, int64_t, int64_t>;
  Mark Look() const;

  std::string path_;
  Mark seen_{};
};

}  // namespace dramatis
