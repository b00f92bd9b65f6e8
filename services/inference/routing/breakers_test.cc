#include "services/inference/routing/breakers.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

void Open(Breaker& breaker) {
  for (int i = 0; i < BreakerPolicy().failures; ++i)
    breaker.Leave(*breaker.TryEnter(), Breaker::Outcome::kFailed);
}

TEST(BreakersTest, OneModelsFailuresAreNotAnothers) {
  const FakeClock clock;
  Breakers breakers(clock);
  EXPECT_FALSE(breakers.AllOpen());
  Open(breakers.Of("a"));
  EXPECT_FALSE(breakers.Of("a").TryEnter().has_value());
  EXPECT_TRUE(breakers.AllOpen());
  EXPECT_TRUE(breakers.Of("b").TryEnter().has_value());
  EXPECT_FALSE(breakers.AllOpen());
}

TEST(BreakersTest, ModelsBeyondTheMostShareOne) {
  const FakeClock clock;
  Breakers breakers(clock);
  for (size_t i = 0; i < Breakers::kMostModels; ++i)
    breakers.Of(absl::StrCat("m", i));
  EXPECT_NE(&breakers.Of("m0"), &breakers.Of("m1"));
  EXPECT_EQ(&breakers.Of("x"), &breakers.Of("y"));
}

}  // namespace
}  // namespace dramatis::inference
