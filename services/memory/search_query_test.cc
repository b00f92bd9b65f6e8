#include "services/memory/search_query.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(SearchQueryTest, SplitsAtEverythingButLettersAndDigits) {
  EXPECT_THAT(SearchWords("tea, COFFEE/milk—and ada@example.com (2nd)"),
              ElementsAre("tea", "coffee", "milk", "ada", "example", "com", "2nd"));
}

TEST(SearchQueryTest, FoldsCaseAccentsAndCompatibilityForms) {
  EXPECT_THAT(SearchWords("MALMÖ Café ÅNGSTRÖM Straße ﬁne Ｆｕｌｌ МОСКВА"),
              ElementsAre("malmo", "cafe", "angstrom", "strasse", "fine", "full", "москва"));
}

TEST(SearchQueryTest, GivesComposedAndDecomposedTextTheSameWords) {
  EXPECT_EQ(SearchWords("caf\u00e9"), SearchWords("cafe\u0301"));
}

TEST(SearchQueryTest, LeavesStopWordsOut) {
  EXPECT_THAT(SearchWords("Who am I, and what's the thing you don't do? We'll see"),
              ElementsAre("thing", "see"));
}

TEST(SearchQueryTest, KeepsVowelSignsOfIndicScripts) {
  EXPECT_THAT(SearchWords("हिन्दी भाषा"), ElementsAre("हिन्दी", "भाषा"));
}

TEST(SearchQueryTest, CutsUnspacedScriptsIntoPairs) {
  EXPECT_THAT(SearchWords("猫が好き tea 猫"), ElementsAre("猫が", "が好", "好き", "tea", "猫"));
}

TEST(SearchQueryTest, EndsAWordWhereTheScriptChanges) {
  EXPECT_THAT(SearchWords("Tシャツ"), ElementsAre("シャ", "ャツ"));
  EXPECT_THAT(SearchWords("IBM社"), ElementsAre("ibm", "社"));
}

TEST(SearchQueryTest, GivesNothingForTextWithoutWords) {
  EXPECT_THAT(SearchWords(""), IsEmpty());
  EXPECT_THAT(SearchWords(" \t\n…!?*\"'():^-+ \U0001F600"), IsEmpty());
}

TEST(SearchQueryTest, CutsLongWords) {
  EXPECT_THAT(SearchWords(std::string(1000, 'x')), ElementsAre(std::string(64, 'x')));
}

TEST(SearchQueryTest, TakesNulAsSeparator) {
  EXPECT_THAT(SearchWords(std::string("tea\0milk", 8)), ElementsAre("tea", "milk"));
}

TEST(SearchQueryTest, HoldsNoSyntaxOfAnyQueryLanguage) {
  for (const std::string& word :
       SearchWords(R"(a"b OR NOT NEAR(x) owner:y * 'z' & | ! <-> \ {})")) {
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"), std::string::npos)
        << word;
  }
}

TEST(SearchQueryTest, IndexesWordsSeparatedBySpaces) {
  EXPECT_EQ(IndexedText("Ada likes tea. Tea!"), "ada likes tea tea");
}

TEST(SearchQueryTest, LooksForEachWordOnce) {
  EXPECT_THAT(QueryWords("Tea? tea! TEA, milk"), ElementsAre("tea", "milk"));
}

TEST(SearchQueryTest, TakesWordsFromBothEndsOfALongText) {
  std::string text;
  for (int i = 1000; i < 2000; ++i)
    absl::StrAppend(&text, "w", i, " ");

  const std::vector<std::string> words = QueryWords(text);

  ASSERT_THAT(words, SizeIs(kMostQueryWords));
  EXPECT_EQ(words.front(), "w1000");
  EXPECT_EQ(words[kMostQueryWords / 2 - 1], "w1031");
  EXPECT_EQ(words[kMostQueryWords / 2], "w1968");
  EXPECT_EQ(words.back(), "w1999");
}

}  // namespace
}  // namespace dramatis::memory
