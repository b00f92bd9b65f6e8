#include "shared/text/text.h"

#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(IsValidUtf8Test, AgreesWithRfc3629) {
  for (const char* text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "naïve 😀"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
  EXPECT_TRUE(IsValidUtf8(std::string_view("\0", 1)));
  const std::string invalid[] = {
      "\x80",  // a continuation alone
      "\xc0\x80",
      "\xc1\xbf",  // overlong
      "\xe0\x9f\xbf",
      "\xf0\x8f\xbf\xbf",
      "\xed\xa0\x80",
      "\xed\xbf\xbf",  // surrogates
      "\xf4\x90\x80\x80",
      "\xf5\x80\x80\x80",
      "\xff",  // over U+10FFFF
      "\xc2",
      "\xe2\x82",
      "\xf0\x9f\x98",  // cut off
      "\xc2\x41",
      "\xe2\x82\x41",
      "ok\xe2",
  };
  for (const std::string& text : invalid)
    EXPECT_FALSE(IsValidUtf8(text));
}

TEST(CodePointsTest, CountsCharactersNotBytes) {
  EXPECT_EQ(CodePoints(""), 0U);
  EXPECT_EQ(CodePoints("abc"), 3U);
  EXPECT_EQ(CodePoints("naïve 😀"), 7U);
}

TEST(TrimSpaceTest, TakesEveryWhiteSpaceOfUnicode) {
  EXPECT_EQ(TrimSpace(" \t\r\n a b \v\f"), "a b");
  for (const char* space : {"\u0085", "\u00a0", "\u1680", "\u2000", "\u200a", "\u2028", "\u2029",
                            "\u202f", "\u205f", "\u3000"}) {
    const std::string around = std::string(space) + " x " + space;
    EXPECT_EQ(TrimSpace(around), "x");
    EXPECT_EQ(TrimSpace(space), "");
  }
}

TEST(TrimSpaceTest, LeavesWhatOnlyLooksLikeWhiteSpace) {
  // Zero width space and joiner, and letters whose last byte is one of a space.
  for (const char* text : {"\u200b", "\u200d", "\ufeff", "\u0105", "\u3020"}) {
    EXPECT_EQ(TrimSpace(text), text);
  }
  EXPECT_EQ(TrimSpace(""), "");
}

TEST(FirstCodePointsTest, NeverCutsACharacter) {
  EXPECT_EQ(FirstCodePoints("naïve", 3), "naï");
  EXPECT_EQ(FirstCodePoints("naïve", 5), "naïve");
  EXPECT_EQ(FirstCodePoints("naïve", 99), "naïve");
  EXPECT_EQ(FirstCodePoints("naïve", 0), "");
  EXPECT_EQ(FirstCodePoints("😀😀", 1), "😀");
}

TEST(Utf8FloorTest, EndsBetweenCodePoints) {
  const std::string text = "a😀b";
  EXPECT_EQ(Utf8Floor(text, 0), 0U);
  EXPECT_EQ(Utf8Floor(text, 1), 1U);
  for (size_t inside = 2; inside <= 4; ++inside)
    EXPECT_EQ(Utf8Floor(text, inside), 1U);
  EXPECT_EQ(Utf8Floor(text, 5), 5U);
  EXPECT_EQ(Utf8Floor(text, 99), 6U);
}

TEST(AsciiLowerTest, ChangesOnlyAsciiLetters) {
  EXPECT_EQ(AsciiLower("AbZ Ä [\\]^`"), "abz Ä [\\]^`");
}

TEST(LikeContainsTest, EscapesWhatLikeReads) {
  EXPECT_EQ(LikeContains("50%_\\x"), R"(%50\%\_\\x%)");
  EXPECT_EQ(LikeContains(""), "%%");
}

}  // namespace
}  // namespace dramatis
