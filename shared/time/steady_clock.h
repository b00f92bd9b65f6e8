// Time for whoever measures within one process how long something takes or waits: begins at the wall
// clock's time and never steps, so that an hour set back does not keep a circuit breaker open for
// an hour. Not for what is stored or shown.
#pragma once

#include <chrono>

#include "shared/time/clock.h"

namespace dramatis {

class SteadyClock : public Clock {
 public:
  absl::Time Now() const override {
    return began_ + absl::FromChrono(std::chrono::steady_clock::now() - steady_began_);
  }

 private:
  const absl::Time began_ = absl::Now();
  const std::chrono::steady_clock::time_point steady_began_ = std::chrono::steady_clock::now();
};

}  // namespace dramatis
