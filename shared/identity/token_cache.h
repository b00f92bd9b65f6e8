// Tokens that have been verified, so that each is verified once: by the SHA-256 of the token, never
// the token itself.
//
//   TokenCache cache(10'000);
//   if (std::optional<Identity> known = cache.Find(digest, generation, now)) return *known;
//   cache.Add(digest, {identity, expires, generation});
//
// Holds the last so many to twice so many that were asked for. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/call/call.h"
#include "shared/digest/sha256.h"

namespace dramatis {

using TokenDigest = Sha256Digest;
TokenDigest DigestOf(std::string_view token);

class TokenCache {
 public:
  struct Entry {
    Identity identity;
    absl::Time expires;
    // Of the key set that verified it: with another one it is unknown again.
    uint64_t generation;
  };

  explicit TokenCache(size_t capacity) : capacity_(capacity) {}

  std::optional<Identity> Find(const TokenDigest& digest, uint64_t generation, absl::Time now);
  void Add(const TokenDigest& digest, Entry entry);
  size_t size() const;

 private:
  void Insert(const TokenDigest& digest, Entry entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t capacity_;
  mutable absl::Mutex mutex_;
  // What is found in the older half moves to the newer; a full newer half becomes the older one.
  absl::flat_hash_map<TokenDigest, Entry> newer_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<TokenDigest, Entry> older_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
