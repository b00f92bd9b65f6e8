#include "services/inference/prompt/tokens.h"

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

TEST(TokensTest, CountsNothingInAnEmptyText) {
  EXPECT_EQ(EstimateTokens(""), 0);
}

TEST(TokensTest, CountsWordsByTheirLettersAndMarksOneByOne) {
  EXPECT_EQ(EstimateTokens("work"), 1);
  EXPECT_EQ(EstimateTokens("works"), 2);
  EXPECT_EQ(EstimateTokens("What do you work on?"), 6);
  EXPECT_EQ(EstimateTokens("2019"), 2);
  EXPECT_EQ(EstimateTokens("..."), 3);
}

TEST(TokensTest, CountsOneSpaceAsNothingAndMoreAsQuarters) {
  EXPECT_EQ(EstimateTokens("a b"), 2);
  EXPECT_EQ(EstimateTokens("a     b"), 3);
  EXPECT_EQ(EstimateTokens("a\nb"), 3);
}

TEST(TokensTest, CountsOtherScriptsByTheirCharacters) {
  EXPECT_EQ(EstimateTokens("привет"), 5);    // 6 x 3/4
  EXPECT_EQ(EstimateTokens("你好世界"), 5);  // 4 x 5/4
  EXPECT_EQ(EstimateTokens("\xF0\x9F\x98\x80"), 3);
}

TEST(TokensTest, CountsEnglishProseALittleTooHigh) {
  // 44 characters: 10 tokens in the vocabularies of OpenAI's models.
  const int tokens = EstimateTokens("The quick brown fox jumps over the lazy dog.");
  EXPECT_GE(tokens, 10);
  EXPECT_LE(tokens, 15);
}

}  // namespace
}  // namespace dramatis::inference
