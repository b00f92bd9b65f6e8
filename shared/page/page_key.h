// The secret under which a service signs its page tokens. Thread-safe.
//
//   PageKey key;              // random: good for this process
//   key.Set(kept);            // what all replicas of the service share (shared/sql/kept_secret.h)
//   key.Sign("...");          // HMAC-SHA256 (RFC 2104)
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dramatis {

class PageKey {
 public:
  static constexpr size_t kBytes = 32;

  // A random one, so that a service that keeps none has tokens that nobody forges, and that end
  // with it.
  PageKey() : bytes_(Random()) {}

  // kBytes random bytes.
  static std::string Random();
  // For calls that no service's table of RPCs has prepared.
  static const PageKey& OfProcess();

  void Set(std::string bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  // 32 bytes.
  std::string Sign(std::string_view text) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  std::string bytes_ ABSL_GUARDED_BY(mutex_);
};

// 32 bytes: HMAC-SHA256 of `text` under `key`.
std::string Hmac(std::string_view key, std::string_view text);

}  // namespace dramatis
