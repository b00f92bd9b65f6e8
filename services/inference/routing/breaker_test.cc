#include "services/inference/routing/breaker.h"

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

using Outcome = Breaker::Outcome;

class BreakerTest : public testing::Test {
 protected:
  void Call(Outcome outcome) {
    const std::optional<Breaker::Pass> pass = breaker_.TryEnter();
    ASSERT_TRUE(pass.has_value());
    breaker_.Leave(*pass, outcome);
  }
  void Open() {
    for (int i = 0; i < 5; ++i)
      Call(Outcome::kFailed);
  }

  FakeClock clock_;
  Breaker breaker_{clock_};
};

TEST_F(BreakerTest, OpensAfterFiveFailuresWithinTheWindow) {
  for (int i = 0; i < 4; ++i)
    Call(Outcome::kFailed);
  EXPECT_EQ(breaker_.RetryAfter(), absl::ZeroDuration());
  Call(Outcome::kFailed);
  EXPECT_FALSE(breaker_.TryEnter().has_value());
  EXPECT_EQ(breaker_.RetryAfter(), absl::Seconds(15));
}

TEST_F(BreakerTest, ForgetsFailuresOlderThanTheWindow) {
  for (int i = 0; i < 4; ++i)
    Call(Outcome::kFailed);
  clock_.Advance(absl::Seconds(30));
  for (int i = 0; i < 4; ++i)
    Call(Outcome::kFailed);
  EXPECT_TRUE(breaker_.TryEnter().has_value());
}

TEST_F(BreakerTest, DoesNotCountWhatWorkedOrWasAbandoned) {
  for (int i = 0; i < 10; ++i)
    Call(Outcome::kWorked);
  for (int i = 0; i < 10; ++i)
    Call(Outcome::kAbandoned);
  EXPECT_TRUE(breaker_.TryEnter().has_value());
}

TEST_F(BreakerTest, LetsOneProbePassAfterFifteenSeconds) {
  Open();
  clock_.Advance(absl::Seconds(14));
  EXPECT_FALSE(breaker_.TryEnter().has_value());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(breaker_.TryEnter().has_value());
  EXPECT_FALSE(breaker_.TryEnter().has_value());
  EXPECT_GT(breaker_.RetryAfter(), absl::ZeroDuration());
}

TEST_F(BreakerTest, ClosesWhenTheProbeWorks) {
  Open();
  clock_.Advance(absl::Seconds(15));
  Call(Outcome::kWorked);
  for (int i = 0; i < 4; ++i)
    Call(Outcome::kFailed);  // counted from zero again
  EXPECT_TRUE(breaker_.TryEnter().has_value());
}

TEST_F(BreakerTest, OpensAgainWhenTheProbeFails) {
  Open();
  clock_.Advance(absl::Seconds(15));
  Call(Outcome::kFailed);
  EXPECT_FALSE(breaker_.TryEnter().has_value());
  EXPECT_EQ(breaker_.RetryAfter(), absl::Seconds(15));
}

TEST_F(BreakerTest, LetsAnotherCallProbeWhenTheFirstIsAbandoned) {
  Open();
  clock_.Advance(absl::Seconds(15));
  Call(Outcome::kAbandoned);
  EXPECT_TRUE(breaker_.TryEnter().has_value());
}

TEST_F(BreakerTest, IgnoresCallsFromBeforeItOpened) {
  const std::optional<Breaker::Pass> early = breaker_.TryEnter();
  Open();
  clock_.Advance(absl::Seconds(15));
  const std::optional<Breaker::Pass> probe = breaker_.TryEnter();
  ASSERT_TRUE(probe.has_value());
  breaker_.Leave(*early, Outcome::kWorked);
  EXPECT_FALSE(breaker_.TryEnter().has_value());
  breaker_.Leave(*probe, Outcome::kWorked);
  EXPECT_TRUE(breaker_.TryEnter().has_value());
}

}  // namespace
}  // namespace dramatis::inference
