#include "shared/text/surrogates.h"

#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(SurrogatesTest, ReplacesHalvesAlone) {
  EXPECT_EQ(WithoutHalfPairs(R"("Hi \ud83d")"), R"("Hi \ufffd")");
  EXPECT_EQ(WithoutHalfPairs(R"("\uDE00\uD83D")"), R"("\ufffd\ufffd")");
  EXPECT_EQ(WithoutHalfPairs(R"("\ud83d\ud83d\ude00")"), R"("\ufffd\ud83d\ude00")");
  EXPECT_EQ(WithoutHalfPairs(R"("\ud83dx\ude00")"), R"("\ufffdx\ufffd")");
}

TEST(SurrogatesTest, KeepsTheRest) {
  for (const char* json : {"", R"({"a":"\ud83d\ude00 é"})", R"("\\ud83d")", R"("\\\\udc00")", "\\",
                           R"("\u00e9\n\"")", R"("\ud83)", R"("\uzzzz")"}) {
    EXPECT_EQ(WithoutHalfPairs(json), json);
  }
}

}  // namespace
}  // namespace dramatis
