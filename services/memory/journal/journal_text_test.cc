#include "services/memory/journal/journal_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/text/text.h"

namespace dramatis::memory {
namespace {

TEST(CountWordsTest, CountsWhatHasLettersOrDigits) {
  EXPECT_EQ(CountWords("").value(), 0);
  EXPECT_EQ(CountWords(" \n\t ... -- !? \U0001F431").value(), 0);
  EXPECT_EQ(CountWords("tea").value(), 1);
  EXPECT_EQ(CountWords("I don't know: 3.5 km!").value(), 5);
  EXPECT_EQ(CountWords("one\ntwo\r\n\r\nthree\u00a0four").value(), 4);
  EXPECT_EQ(CountWords("e\u0301te\u0301 \u00e9t\u00e9").value(), 2);
}

TEST(CountWordsTest, KnowsScriptsWithoutSpaces) {
  // Two words in Thai, "hello world"; none of it has a space.
  EXPECT_EQ(CountWords("\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01")
                .value(),
            3);
  EXPECT_EQ(CountWords("\u6771\u4eac\u306b\u884c\u304f").value(), 3);
}

TEST(CountWordsTest, CountsTheLongestEntry) {
  std::string text;
  for (int i = 0; i < 25'000; ++i)
    text += "a ";

  EXPECT_EQ(CountWords(text).value(), 25'000);
}

TEST(ExcerptTest, IsAShortTextInOneLine) {
  EXPECT_EQ(Excerpt(" We met.\n\nIt \t rained.\u3000", 100), "We met. It rained.");
  EXPECT_EQ(Excerpt("", 100), "");
}

TEST(ExcerptTest, EndsWithASentence) {
  const std::string text = "We met at noon. It rained. Then we went home.";

  EXPECT_EQ(Excerpt(text, 44), "We met at noon. It rained.");
  EXPECT_EQ(Excerpt(text, 26), "We met at noon. It rained.");
  EXPECT_EQ(Excerpt(text, 25), "We met at noon.");
  EXPECT_EQ(Excerpt(text, 45), text);
}

TEST(ExcerptTest, EndsWithAWordWhereASentenceIsTooLong) {
  EXPECT_EQ(Excerpt("We met at noon and it rained", 17), "We met at noon\u2026");
  EXPECT_EQ(Excerpt("We met at noon and it rained", 16), "We met at\u2026");
}

TEST(ExcerptTest, CutsAWordThatIsTooLongBetweenCharacters) {
  std::string word;
  for (int i = 0; i < 50; ++i)
    word += "\u00e9";

  EXPECT_EQ(Excerpt(word, 8), "\u00e9\u00e9\u2026");
  EXPECT_EQ(Excerpt(word, 3), "\u00e9");
  EXPECT_EQ(Excerpt(word, 0), "");
}

TEST(ExcerptTest, NeverTakesMoreThanItMay) {
  const std::string text =
      "\u732b\u304c\u597d\u304d\u3067\u3059\u3002Ada said: \u201cTea!\u201d \U0001F375 And so "
      "on\u2014";
  for (size_t most = 0; most <= text.size(); ++most) {
    const std::string excerpt = Excerpt(text, most);
    EXPECT_LE(excerpt.size(), most);
    EXPECT_TRUE(IsValidUtf8(excerpt)) << most;
  }
}

}  // namespace
}  // namespace dramatis::memory
