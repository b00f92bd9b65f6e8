#include "services/inference/catalogue/token_scales.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

TEST(TokenScalesTest, LearnsFromAFewReports) {
  TokenScales scales;
  scales.Learn("m", 1000, 1300);
  scales.Learn("m", 1000, 1300);
  EXPECT_EQ(scales.FactorOf("m"), 1);
  scales.Learn("m", 2000, 2600);
  EXPECT_NEAR(scales.FactorOf("m"), 1.3, 1e-9);
  EXPECT_EQ(scales.FactorOf("other"), 1);
}

TEST(TokenScalesTest, FollowsAModelThatChanges) {
  TokenScales scales;
  for (int i = 0; i < 100; ++i)
    scales.Learn("m", 1000, 1300);
  for (int i = 0; i < 100; ++i)
    scales.Learn("m", 1000, 900);
  EXPECT_NEAR(scales.FactorOf("m"), 0.9, 0.02);
}

TEST(TokenScalesTest, LearnsNothingFromWhatIsNoCountOfTheSame) {
  TokenScales scales;
  for (int i = 0; i < 10; ++i) {
    scales.Learn("m", 1000, 7);
    scales.Learn("m", 1000, 100'000);
    scales.Learn("m", 20, 30);
  }
  EXPECT_EQ(scales.FactorOf("m"), 1);
  for (size_t i = 0; i < TokenScales::kMostModels; ++i)
    scales.Learn(absl::StrCat("n", i), 1000, 1100);
  for (int i = 0; i < 10; ++i)
    scales.Learn("late", 1000, 1100);
  EXPECT_EQ(scales.FactorOf("late"), 1);
}

}  // namespace
}  // namespace dramatis::inference
