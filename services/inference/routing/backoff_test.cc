#include "services/inference/routing/backoff.h"

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

constexpr BackoffPolicy kPolicy = {absl::Milliseconds(250), absl::Seconds(5)};

TEST(BackoffTest, DoublesUpToItsCap) {
  EXPECT_EQ(Backoff(kPolicy, 1, 1), absl::Milliseconds(250));
  EXPECT_EQ(Backoff(kPolicy, 2, 1), absl::Milliseconds(500));
  EXPECT_EQ(Backoff(kPolicy, 3, 1), absl::Seconds(1));
  EXPECT_EQ(Backoff(kPolicy, 6, 1), absl::Seconds(5));
  EXPECT_EQ(Backoff(kPolicy, 1000, 1), absl::Seconds(5));
}

TEST(BackoffTest, WaitsARandomShareOfIt) {
  EXPECT_EQ(Backoff(kPolicy, 2, 0), absl::ZeroDuration());
  EXPECT_EQ(Backoff(kPolicy, 2, 0.5), absl::Milliseconds(250));
}

TEST(BackoffTest, TheSystemsChanceIsBetweenZeroAndOne) {
  for (int i = 0; i < 100; ++i) {
    const double random = SystemRandom();
    EXPECT_GE(random, 0);
    EXPECT_LT(random, 1);
  }
}

}  // namespace
}  // namespace dramatis::inference
