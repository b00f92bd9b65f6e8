#include "shared/identity/token_cache.h"

#include <utility>

namespace dramatis {

TokenDigest DigestOf(std::string_view token) {
  return Sha256Bytes(token);
}

std::optional<Identity> TokenCache::Find(const TokenDigest& digest,
                                         uint64_t generation,
                                         absl::Time now) {
  const absl::MutexLock lock(&mutex_);
  auto found = newer_.find(digest);
  if (found == newer_.end()) {
    const auto old = older_.find(digest);
    if (old == older_.end()) return std::nullopt;
    Entry entry = std::move(old->second);
    older_.erase(old);
    Insert(digest, std::move(entry));
    found = newer_.find(digest);
  }
  const Entry& entry = found->second;
  if (entry.generation == generation && now < entry.expires) return entry.identity;
  newer_.erase(found);
  return std::nullopt;
}

void TokenCache::Add(const TokenDigest& digest, Entry entry) {
  const absl::MutexLock lock(&mutex_);
  Insert(digest, std::move(entry));
}

void TokenCache::Insert(const TokenDigest& digest, Entry entry) {
  if (newer_.size() >= capacity_) {
    older_ = std::move(newer_);
    newer_.clear();
  }
  newer_.insert_or_assign(digest, std::move(entry));
}

size_t TokenCache::size() const {
  const absl::MutexLock lock(&mutex_);
  return newer_.size() + older_.size();
}

}  // namespace dramatis
