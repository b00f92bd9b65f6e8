// So many requests in so long a time, and who has made how many of them: the generic cell rate
// algorithm (GCRA; ITU-T I.371, annex A), which keeps one time per subject and needs no windows.
//
//   RateTable users({.quota = 600, .window = absl::Minutes(1)});
//   const RateState state = users.Take("ada", now);
//   if (state.wait > absl::ZeroDuration()) ... not before that ...
//
// The whole quota may be used at once; it comes back evenly. From any moment on, n windows let
// through at most (n + 1) quotas. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace dramatis::gateway {

struct Rate {
  // 0: no limit.
  int64_t quota = 0;
  absl::Duration window = absl::Minutes(1);

  bool limits() const { return quota > 0; }
  // The part of one of `replicas`, at least 1.
  Rate Share(int replicas) const;
  // `600/m`, per s, m or h, or `off`. nullopt for another text.
  static std::optional<Rate> Parse(std::string_view text);
};

// How a subject stands after it was asked for.
struct RateState {
  int64_t quota = 0;
  absl::Duration window;
  int64_t remaining = 0;
  // Until the whole quota is there again.
  absl::Duration reset;
  // 0: let through; else when it would be.
  absl::Duration wait;
};

class RateTable {
 public:
  explicit RateTable(Rate rate) : rate_(rate) {}

  // Counts one request of `subject`, unless it is one too many. Of another rate than the table's
  // where `rate` is given: always the same for a subject.
  RateState Take(std::string_view subject, absl::Time time) { return Take(subject, time, rate_); }
  RateState Take(std::string_view subject, absl::Time time, const Rate& rate);
  // The same without counting.
  RateState Look(std::string_view subject, absl::Time time) const;
  const Rate& rate() const { return rate_; }
  // Subjects that are remembered: those who have not their whole quota.
  size_t size() const;

 private:
  static constexpr size_t kShards = 16;
  struct Shard {
    mutable absl::Mutex mutex;
    // When each would have its whole quota again, in nanoseconds since the epoch.
    absl::flat_hash_map<std::string, int64_t> full ABSL_GUARDED_BY(mutex);
    // Forgets whoever has it when there are so many.
    size_t sweep ABSL_GUARDED_BY(mutex) = 1024;
  };

  static RateState StateOf(const Rate& rate, int64_t full, int64_t now);
  const Shard& ShardOf(std::string_view subject) const;

  const Rate rate_;
  std::array<Shard, kShards> shards_;
};

}  // namespace dramatis::gateway
