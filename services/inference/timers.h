// Later: an interface, so that tests say when that is. Thread-safe.
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace dramatis::inference {

class Timers {
 public:
  virtual ~Timers() = default;
  // Runs `task` once after `delay`, on the timers' own thread: it must not block. Tasks still
  // waiting when the timers end are dropped.
  virtual void After(absl::Duration delay, std::function<void()> task) = 0;
};

}  // namespace dramatis::inference
