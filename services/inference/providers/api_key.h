// A provider's key, read from its file again and again, so that it can be rotated without a
// restart.
//
//   ApiKey key({.file = "/run/secrets/openai"}, clock);
//   headers.push_back("Authorization: Bearer " + key.Get());
//   ... 401 ...
//   key.Refetch();
//
// What was read is used for 240 s; a file that cannot be read leaves the last good key in use for
// an hour. Thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

struct ApiKeySource {
  std::string file;   // where set, the key is its content without the line end
  std::string value;  // the key read at start; empty for servers that want none
};

class ApiKey {
 public:
  ApiKey(const ApiKeySource& source, const Clock& clock);
  // The key; empty where there is none.
  std::string Get();
  // Reads the file now.
  void Refetch();

 private:
  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string file_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::string key_ ABSL_GUARDED_BY(mutex_);
  absl::Time checked_ ABSL_GUARDED_BY(mutex_);
  absl::Time good_ ABSL_GUARDED_BY(mutex_);  // when the file was last read
};

// The key that a file holds, without the line end; nullopt where it cannot be read, is empty or
// cannot stand in a header.
std::optional<std::string> ReadKeyFile(const std::string& path);

// Whether `key` can stand in an HTTP header: visible ASCII only.
bool IsHeaderSafe(const std::string& key);

}  // namespace dramatis::inference
