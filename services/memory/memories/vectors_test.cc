#include "services/memory/memories/vectors.h"

#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/memories/fusion.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;

std::vector<float> RandomVector(std::mt19937& random, size_t size) {
  std::normal_distribution<float> component;
  std::vector<float> vector(size);
  float squares = 0;
  for (float& x : vector) {
    x = component(random);
    squares += x * x;
  }
  for (float& x : vector)
    x /= std::sqrt(squares);
  return vector;
}

TEST(VectorsTest, KeepsCosinesWithinAHundredth) {
  std::mt19937 random(1);
  for (const size_t size : {1U, 2U, 7U, 8U, 256U, 1536U}) {
    for (int i = 0; i < 50; ++i) {
      const std::vector<float> one = RandomVector(random, size);
      const std::vector<float> other = RandomVector(random, size);
      double cosine = 0;
      for (size_t k = 0; k < size; ++k)
        cosine += double{one[k]} * other[k];
      EXPECT_NEAR(Similarity(one, PackVector(other)), cosine, 0.01) << size;
    }
  }
}

TEST(VectorsTest, TakesAByteForAComponent) {
  EXPECT_EQ(PackVector(std::vector<float>(256, 0.0625F)).size(), 260U);
}

TEST(VectorsTest, FindsNothingAlikeToNothing) {
  EXPECT_EQ(Similarity({1, 0}, PackVector({0, 0})), 0);
  EXPECT_EQ(Similarity({1, 0}, PackVector({1, 0, 0})), 0);
  EXPECT_EQ(Similarity({1, 0}, ""), 0);
}

std::vector<std::string> Fused(const std::vector<std::string>& first,
                               const std::vector<std::string>& second) {
  std::vector<std::string> ids;
  for (const FusedRank& rank : FuseRanks(first, second))
    ids.push_back(rank.id);
  return ids;
}

TEST(FusionTest, PutsWhatBothFoundFirst) {
  EXPECT_THAT(Fused({"a", "b"}, {"c", "b"}), ElementsAre("b", "a", "c"));
  EXPECT_THAT(Fused({"a", "b", "c"}, {"c", "a"}), ElementsAre("a", "c", "b"));
}

TEST(FusionTest, KeepsTheOneRankingWhereTheOtherIsEmpty) {
  EXPECT_THAT(Fused({"a", "b"}, {}), ElementsAre("a", "b"));
  EXPECT_THAT(Fused({}, {"a", "b"}), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace dramatis::memory
