#include "services/conversation/search/search_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;

// The words that a match shows.
std::vector<std::string> Shown(const v1::SearchMatch& match) {
  std::vector<std::string> words;
  for (const auto& highlight : match.highlights()) {
    std::string_view text = match.snippet();
    text.remove_prefix(FirstCodePoints(text, highlight.start()).size());
    words.emplace_back(FirstCodePoints(text, highlight.end() - highlight.start()));
  }
  return words;
}

TEST(SearchTextTest, HasEachWordOnce) {
  const SearchText text = MessageSearchText("Tea, the TEA! 猫が");

  EXPECT_EQ(text.words, "tea the 猫 猫が が");
  EXPECT_EQ(text.size, 5);
}

TEST(SearchTextTest, HasTheBeginningsOfATitlesWords) {
  EXPECT_EQ(TitleSearchText("My tea").words, "my tea te");
  EXPECT_EQ(TitleSearchText("My tea").size, 2);
}

TEST(SearchTextTest, EndsSomewhere) {
  std::string text;
  for (int i = 0; i < 30000; ++i)
    text += " w" + std::to_string(i);
  EXPECT_EQ(MessageSearchText(text).size, 20000);
}

TEST(MatchTest, ShowsTheWordsWhereTheyStand) {
  const v1::SearchMatch match =
      MatchIn(v1::MATCH_FIELD_MESSAGE, "Ein Café, und noch ein CAFE\u0301.", SearchedWords("cafe"));

  EXPECT_EQ(match.snippet(), "Ein Café, und noch ein CAFE\u0301.");
  EXPECT_THAT(Shown(match), ElementsAre("Café", "CAFE\u0301"));
}

TEST(MatchTest, ShowsNoBeginningsInMessages) {
  EXPECT_THAT(Shown(MatchIn(v1::MATCH_FIELD_MESSAGE, "gardens", {"gard"})), ElementsAre());
  EXPECT_THAT(Shown(MatchIn(v1::MATCH_FIELD_TITLE, "Gardens", {"gard"})), ElementsAre("Gardens"));
}

TEST(MatchTest, JoinsThePairsOfAWord) {
  EXPECT_THAT(
      Shown(MatchIn(v1::MATCH_FIELD_MESSAGE, "私はコーヒーが好き", SearchedWords("コーヒー"))),
      ElementsAre("コーヒー"));
  EXPECT_THAT(Shown(MatchIn(v1::MATCH_FIELD_MESSAGE, "猫が", SearchedWords("猫"))),
              ElementsAre("猫"));
}

TEST(MatchTest, CutsALongTextAroundTheFirstWordBetweenGraphemes) {
  const std::string family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += family;
  text += " tea ";
  for (int i = 0; i < 100; ++i)
    text += family;

  const v1::SearchMatch match = MatchIn(v1::MATCH_FIELD_MESSAGE, text, {"tea"});

  EXPECT_TRUE(match.snippet().starts_with("\u2026" + family)) << match.snippet();
  EXPECT_TRUE(match.snippet().ends_with(family + "\u2026")) << match.snippet();
  EXPECT_THAT(Shown(match), ElementsAre("tea"));
  EXPECT_LE(CodePoints(match.snippet()), 162U);
}

}  // namespace
}  // namespace dramatis::conversation
