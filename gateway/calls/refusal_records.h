// How much a crowd of refused requests writes to the log. Of those that are refused in one second
// for one reason the first hundred leave their records; the others are counted, and one record
// says how many they were once that second is over.
//
//   if (refusals.TakeSignIn("signature")) ... the records of this one ...
//   {"level":"audit","message":"sign-ins refused","reason":"signature","count":9900,
//    "second":"2026-01-02T03:04:05Z",...}
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::gateway {

class RefusalRecords {
 public:
  // Records of one reason in one second.
  static constexpr int64_t kMost = 100;

  // All outlive it.
  RefusalRecords(Logger& logger, Metrics& metrics, const Clock& clock)
      : logger_(logger), metrics_(metrics), clock_(clock) {}
  // Tells what has not been told.
  ~RefusalRecords();

  // A sign-in that is refused for this reason, a word of a closed list: counts it in
  // dramatis_sign_in_failures_total. Whether it is to be written down by itself. Always so where
  // there are no credentials, which is refused as a request only, if at all.
  bool TakeSignIn(std::string_view reason) { return Take(reason, true); }
  // Another request that is refused with this code.
  bool TakeRequest(std::string_view code) { return Take(code, false); }
  // Tells of seconds that are over, which the next refusal does too.
  void Tell();

 private:
  struct Kind {
    std::string name;
    bool sign_in;
    Metrics::Series counted;
    int64_t seen = 0;  // in the second
  };

  // Those of a second that were not written down one by one.
  struct Left {
    int64_t second = 0;
    std::vector<Kind> kinds;
  };

  bool Take(std::string_view name, bool sign_in) ABSL_LOCKS_EXCLUDED(mutex_);
  Kind& Find(std::string_view name, bool sign_in) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Begins another second, unless it has begun; what the one before left to tell.
  Left Begin(int64_t second) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(const Left& left) const;

  Logger& logger_;
  Metrics& metrics_;
  const Clock& clock_;
  std::atomic<bool> left_out_ = false;  // there is something to tell
  absl::Mutex mutex_;
  int64_t second_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Kind> kinds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::gateway
