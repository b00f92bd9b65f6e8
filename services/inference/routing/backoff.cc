#include "services/inference/routing/backoff.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace dramatis::inference {

double SystemRandom() {
  // Asked once per failed try: the system's own numbers are fast enough and need no state.
  std::random_device device;
  return std::generate_canonical<double, 53>(device);
}

absl::Duration Backoff(const BackoffPolicy& policy, int failures, double random) {
  constexpr int kMostDoublings = 30;  // the cap applies long before
  const int doublings = std::clamp(failures - 1, 0, kMostDoublings);
  const absl::Duration ceiling = std::min(policy.cap, policy.base * std::exp2(doublings));
  return ceiling * random;
}

}  // namespace dramatis::inference
