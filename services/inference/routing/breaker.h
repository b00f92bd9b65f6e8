// A circuit breaker: stops calling what keeps failing, and tries it again after a while.
//
//   const std::optional<Breaker::Pass> pass = breaker.TryEnter();
//   if (!pass.has_value()) ... use another provider, or fail; see RetryAfter()
//   ...
//   breaker.Leave(*pass, Breaker::Outcome::kFailed);     // once for each pass
//
// Closed: all calls pass. After `failures` failures within `window` it opens for `open_time`: none
// pass. Then half-open: one probe passes; its success closes the breaker, its failure opens it
// again, and when it is abandoned another call may probe. Calls that entered before the state
// changed no longer count. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

struct BreakerPolicy {
  int failures = 5;
  absl::Duration window = absl::Seconds(30);
  absl::Duration open_time = absl::Seconds(15);
};

class Breaker {
 public:
  enum class Outcome {
    kWorked,     // it answered, be it with a refusal of this one request
    kFailed,     // it did not, or broke
    kAbandoned,  // nobody waited for the end
  };
  // Leave to make one call.
  using Pass = int64_t;

  explicit Breaker(const Clock& clock, const BreakerPolicy& policy = {})
      : clock_(clock), policy_(policy) {}

  [[nodiscard]] std::optional<Pass> TryEnter();
  void Leave(Pass pass, Outcome outcome);

  // How long until a call may pass; zero where one may now.
  absl::Duration RetryAfter() const;

 private:
  enum class State { kClosed, kOpen, kHalfOpen };
  void Become(State state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LeaveClosed(Outcome outcome, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const BreakerPolicy policy_;
  mutable absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kClosed;
  Pass current_ ABSL_GUARDED_BY(mutex_) = 1;  // a new number for each state
  std::deque<absl::Time> failures_ ABSL_GUARDED_BY(mutex_);
  absl::Time reopens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
