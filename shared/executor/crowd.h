// Whether a crowd sends tokens that have to be verified and are not good.
//
//   crowd.NoteBad(now);                       // one that cost a verification
//   if (crowd.Stands(now)) ... verify where nobody else waits ...
//
// It stands from the hundredth in one second until two seconds after the last. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace dramatis {

class Crowd {
 public:
  static constexpr int kMost = 100;

  void NoteBad(absl::Time now) ABSL_LOCKS_EXCLUDED(mutex_) {
    const int64_t second = absl::ToUnixSeconds(now);
    const absl::MutexLock lock(&mutex_);
    if (second != second_) {
      second_ = second;
      bad_ = 0;
    }
    // One that stands is no smaller for having been slowed down.
    if (++bad_ >= kMost || Stands(now)) until_ = absl::ToUnixNanos(now + absl::Seconds(2));
  }
  bool Stands(absl::Time now) const { return absl::ToUnixNanos(now) < until_; }

 private:
  std::atomic<int64_t> until_ = 0;
  absl::Mutex mutex_;
  int64_t second_ ABSL_GUARDED_BY(mutex_) = 0;
  int bad_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dramatis
