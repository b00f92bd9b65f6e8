// Time as an interface, so that tests say what time it is. Thread-safe.
#pragma once

#include <cstdint>
#include <ctime>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace dramatis {

class Clock {
 public:
  virtual ~Clock() = default;
  // Now, to the microsecond: what a database column can hold and give back.
  virtual absl::Time Now() const = 0;
};

class SystemClock : public Clock {
 public:
  absl::Time Now() const override {
    return absl::FromUnixMicros(absl::GetCurrentTimeNanos() / 1000);
  }
};

// The system's time when this was made, and from then on what has passed: no step of the system's
// clock moves it, and it goes on while the machine or the process sleeps.
class SteadyClock : public Clock {
 public:
  absl::Time Now() const override { return began_ + (Passed() - passed_before_); }

 private:
  static absl::Duration Passed() {
    timespec passed{};
    clock_gettime(CLOCK_BOOTTIME, &passed);
    return absl::Microseconds(absl::ToInt64Microseconds(absl::DurationFromTimespec(passed)));
  }

  const absl::Time began_ = SystemClock().Now();
  const absl::Duration passed_before_ = Passed();
};

// A host's clock that is wrong by so much.
class WrongClock : public Clock {
 public:
  explicit WrongClock(absl::Duration wrong_by) : wrong_by_(wrong_by) {}
  absl::Time Now() const override { return steady_.Now() + wrong_by_; }

 private:
  const SteadyClock steady_;
  const absl::Duration wrong_by_;
};

// Stands still until it is moved.
class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time now = absl::FromUnixSeconds(1'800'000'000)) : now_(now) {}
  absl::Time Now() const override {
    const absl::MutexLock lock(&mutex_);
    return now_;
  }
  void Advance(absl::Duration by) {
    const absl::MutexLock lock(&mutex_);
    now_ += by;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
