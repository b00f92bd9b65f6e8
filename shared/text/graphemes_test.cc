#include "shared/text/graphemes.h"

#include "gtest/gtest.h"
#include "shared/text/text.h"

namespace dramatis {
namespace {

constexpr char kFamily[] = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
constexpr char kFlag[] = "\U0001F1F3\U0001F1F1";

TEST(GraphemesTest, CutsBetweenGraphemesOnly) {
  EXPECT_EQ(FirstGraphemes("abc", 3), "abc");
  EXPECT_EQ(FirstGraphemes("abc", 2), "ab");
  EXPECT_EQ(FirstGraphemes("ae\u0301b", 2), "a");
  EXPECT_EQ(FirstGraphemes("ae\u0301b", 3), "ae\u0301");
  EXPECT_EQ(FirstGraphemes(std::string("ab") + kFamily, 6), "ab");
  EXPECT_EQ(FirstGraphemes(std::string("ab") + kFamily, 7), std::string("ab") + kFamily);
  EXPECT_EQ(FirstGraphemes(std::string(kFlag) + kFlag + kFlag, 5), std::string(kFlag) + kFlag);
  EXPECT_EQ(FirstGraphemes("a\r\nb", 2), "a");
  EXPECT_EQ(FirstGraphemes("\u0E01\u0E33\u0E01", 1), "\u0E01");  // longer than what is asked for
  EXPECT_EQ(FirstGraphemes("", 5), "");
}

TEST(GraphemesTest, LeavesSomethingOfATextThatIsOneGrapheme) {
  std::string marks = "e";
  for (int i = 0; i < 5000; ++i)
    marks += "\u0301";
  EXPECT_EQ(CodePoints(FirstGraphemes(marks, 60)), 60U);
}

TEST(GraphemesTest, CutsBytes) {
  EXPECT_EQ(FirstGraphemeBytes("ae\u0301b", 3), "a");
  EXPECT_EQ(FirstGraphemeBytes("ae\u0301b", 4), "ae\u0301");
  EXPECT_EQ(FirstGraphemeBytes("\u00E9", 1), "");
}

TEST(GraphemesTest, FindsWhereAGraphemeBegins) {
  const std::string text = std::string("ab") + kFamily + "c";
  EXPECT_EQ(GraphemeFloor(text, 0), 0U);
  EXPECT_EQ(GraphemeFloor(text, 2), 2U);
  EXPECT_EQ(GraphemeFloor(text, 9), 2U);
  EXPECT_EQ(GraphemeFloor(text, text.size() - 1), text.size() - 1);
  EXPECT_EQ(GraphemeFloor(text, 99), text.size());
}

TEST(GraphemesTest, PutsTextInOneLine) {
  EXPECT_EQ(OneLineOf("  What\n\n do\tyou\u3000do\u2028? "), "What do you do ?");
  EXPECT_EQ(OneLineOf(" \n "), "");
}

}  // namespace
}  // namespace dramatis
