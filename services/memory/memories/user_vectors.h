// The vectors of users' memories in memory, so that a question is compared with them without their
// being read: what has changed since the last time is read only. Users that nobody asked about for
// the longest time make room for others.
//
//   UserVectorCache cache(store, most_bytes);
//   absl::StatusOr<std::vector<std::string>> ids =
//       cache.Nearest({.user_id = "ann", ...}, question);
//   cache.Forget("ann", embedder, gone);                // ids that are no memories any longer
//
// Thread-safe; Nearest blocks where it reads, and waits for others who ask about the same user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/memory/model/embedding_store.h"

namespace dramatis::memory {

// Whose memories, and which of them.
struct MeaningSearch {
  std::string user_id;
  std::string persona_id = {};  // of this persona and of every one; empty for all
  std::string embedder = {};
  double least_similarity = 0;
  size_t limit = 0;
};

class UserVectorCache {
 public:
  // `store` outlives the cache.
  UserVectorCache(EmbeddingStore& store, size_t most_bytes)
      : store_(store), most_bytes_(most_bytes) {}

  // Whether there are any to compare with, which is cheaper than to embed a question in vain.
  absl::StatusOr<bool> HasAny(const MeaningSearch& search);
  // The memories whose vectors are nearest to the question's, the nearest first.
  absl::StatusOr<std::vector<std::string>> Nearest(const MeaningSearch& search,
                                                   const std::vector<float>& question);
  void Forget(const MeaningSearch& search, const std::vector<std::string>& memory_ids);

 private:
  struct Entry {
    std::string memory_id;
    std::string persona_id;
    std::string packed;
  };
  struct UserVectors {
    absl::Mutex mutex;
    int64_t change ABSL_GUARDED_BY(mutex) = 0;
    std::vector<Entry> entries ABSL_GUARDED_BY(mutex);
    absl::flat_hash_map<std::string, size_t> places ABSL_GUARDED_BY(mutex);  // in `entries`
    size_t bytes ABSL_GUARDED_BY(mutex) = 0;

    void Put(Entry entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
    void Take(const std::string& memory_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  };
  using Key = std::pair<std::string, std::string>;  // user, embedder
  struct Place {
    std::shared_ptr<UserVectors> vectors;
    std::list<Key>::iterator recent;
    size_t bytes = 0;  // as last weighed
  };

  std::shared_ptr<UserVectors> Find(const Key& key);
  // Up to date.
  absl::Status Read(const Key& key, UserVectors& vectors)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(vectors.mutex);
  void Weigh(const Key& key, size_t bytes);

  EmbeddingStore& store_;
  const size_t most_bytes_;
  absl::Mutex mutex_;
  absl::flat_hash_map<Key, Place> users_ ABSL_GUARDED_BY(mutex_);
  std::list<Key> recent_ ABSL_GUARDED_BY(mutex_);  // who was asked about last stands first
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dramatis::memory
