// How long to wait between two tries.
//
//   const absl::Duration wait = Backoff(kProviderBackoff, /*failures=*/1, random);
//
// Pure. Full jitter: a random share of base x 2^(failures - 1), at most `cap`
// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace dramatis::inference {

struct BackoffPolicy {
  absl::Duration base;
  absl::Duration cap;
};

inline constexpr BackoffPolicy kProviderBackoff = {absl::Milliseconds(250), absl::Seconds(5)};

// A number in [0, 1). An interface so that tests say what chance does.
using Random = std::function<double()>;
// Chance itself. Thread-safe.
double SystemRandom();

// The wait after `failures` tries have failed, at least 1.
absl::Duration Backoff(const BackoffPolicy& policy, int failures, double random);

}  // namespace dramatis::inference
