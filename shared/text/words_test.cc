#include "shared/text/words.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(WordsTest, SplitsAtEverythingButLettersAndDigits) {
  EXPECT_THAT(SearchWords("tea, COFFEE/milk—and ada@example.com (2nd)"),
              ElementsAre("tea", "coffee", "milk", "ada", "example", "com", "2nd"));
}

TEST(WordsTest, FoldsCaseAccentsAndCompatibilityForms) {
  EXPECT_THAT(SearchWords("MALMÖ Café ÅNGSTRÖM Straße ﬁne Ｆｕｌｌ МОСКВА"),
              ElementsAre("malmo", "cafe", "angstrom", "strasse", "fine", "full", "москва"));
}

TEST(WordsTest, GivesComposedAndDecomposedTextTheSameWords) {
  EXPECT_EQ(SearchWords("caf\u00e9"), SearchWords("cafe\u0301"));
}

TEST(WordsTest, LeavesStopWordsOut) {
  EXPECT_THAT(SearchWords("Who am I, and what's the thing you don't do? We'll see"),
              ElementsAre("thing", "see"));
}

TEST(WordsTest, KeepsVowelSignsOfIndicScripts) {
  EXPECT_THAT(SearchWords("हिन्दी भाषा"), ElementsAre("हिन्दी", "भाषा"));
}

TEST(WordsTest, CutsUnspacedScriptsIntoPairs) {
  EXPECT_THAT(SearchWords("猫が好き tea 猫"), ElementsAre("猫が", "が好", "好き", "tea", "猫"));
}

TEST(WordsTest, EndsAWordWhereTheScriptChanges) {
  EXPECT_THAT(SearchWords("Tシャツ"), ElementsAre("シャ", "ャツ"));
  EXPECT_THAT(SearchWords("IBM社"), ElementsAre("ibm", "社"));
}

TEST(WordsTest, GivesNothingForTextWithoutWords) {
  EXPECT_THAT(SearchWords(""), IsEmpty());
  EXPECT_THAT(SearchWords(" \t\n…!?*\"'():^-+ \U0001F600"), IsEmpty());
}

TEST(WordsTest, CutsLongWords) {
  EXPECT_THAT(SearchWords(std::string(1000, 'x')), ElementsAre(std::string(64, 'x')));
}

TEST(WordsTest, TakesNulAsSeparator) {
  EXPECT_THAT(SearchWords(std::string("tea\0milk", 8)), ElementsAre("tea", "milk"));
}

TEST(WordsTest, HoldsNoSyntaxOfAnyQueryLanguage) {
  for (const std::string& word :
       SearchWords(R"(a"b OR NOT NEAR(x) owner:y * 'z' & | ! <-> \ {})")) {
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789"), std::string::npos)
        << word;
  }
}

TEST(WordsTest, IndexesWordsSeparatedBySpaces) {
  EXPECT_EQ(IndexedText("Ada likes tea. Tea!"), "ada likes tea tea");
}

TEST(WordsTest, IndexesEachCharacterOfUnspacedScriptsToo) {
  EXPECT_EQ(IndexedText("猫が tea"), "猫 猫が が tea");
  EXPECT_EQ(IndexedText("the 猫"), "猫");
  EXPECT_EQ(IndexedTextWithStopWords("the 猫"), "the 猫");
}

TEST(WordsTest, KeepsSignsOfSeveralScriptsInTheirWord) {
  EXPECT_THAT(SearchWords("コーヒー"), ElementsAre("コー", "ーヒ", "ヒー"));
  EXPECT_THAT(SearchWords("ｺｰﾋｰ"), ElementsAre("コー", "ーヒ", "ヒー"));
  EXPECT_THAT(SearchWords("人々"), ElementsAre("人々"));
  EXPECT_THAT(SearchWords("ボボ・ボー"), ElementsAre("ボボ", "ボー"));
}

TEST(WordsTest, CutsEveryScriptWithoutSpaces) {
  EXPECT_THAT(SearchWords("แมว"), ElementsAre("แม", "มว"));
  EXPECT_THAT(SearchWords("ແມວ"), ElementsAre("ແມ", "ມວ"));
  EXPECT_THAT(SearchWords("ឆ្មា"), ElementsAre("ឆ្", "្ម", "មា"));
  EXPECT_THAT(SearchWords("ကြောင်").front(), "ကြ");
}

TEST(WordsTest, SaysWhereAWordStands) {
  const std::string text = "Ein Café\u0301, ﬁn 猫が好き";

  const std::vector<Word> words = SplitWords(text);

  ASSERT_THAT(words, SizeIs(6));
  EXPECT_EQ(text.substr(words[1].begin, words[1].end - words[1].begin), "Café\u0301");
  EXPECT_EQ(words[1].text, "cafe");
  EXPECT_EQ(text.substr(words[2].begin, words[2].end - words[2].begin), "ﬁn");
  EXPECT_EQ(text.substr(words[4].begin, words[4].end - words[4].begin), "が好");
}

TEST(WordsTest, DropsInvisibleCharacters) {
  EXPECT_THAT(SearchWords("gar\u00ADden \u200Bt\u200Dea"), ElementsAre("garden", "tea"));
}

TEST(WordsTest, FoldsWhatSeparatesWordsToo) {
  EXPECT_EQ(FoldCharacters("100% CAFÉ_Ｘ"), "100% cafe_x");
}

TEST(WordsTest, LooksForStopWordsWhereThereIsNothingElse) {
  EXPECT_THAT(QueryWordsOrStopWords("to be"), ElementsAre("to", "be"));
  EXPECT_THAT(QueryWordsOrStopWords("the tea"), ElementsAre("tea"));
}

TEST(WordsTest, SurvivesBytesThatAreNoUtf8) {
  EXPECT_THAT(SearchWords("tea\xC3 milk\xFF"), ElementsAre("tea", "milk"));
}

TEST(PhraseFinderTest, FindsWholeWordsOfSpacedScripts) {
  EXPECT_TRUE(PhraseFinder("Eine Ärger-Sache").Has("ÄRGER"));
  EXPECT_TRUE(PhraseFinder("It's Ann's.").Has("ann"));
  EXPECT_TRUE(PhraseFinder("@ann_lee?").Has("Ann Lee"));
  EXPECT_TRUE(PhraseFinder("МОСКВА!").Has("москва"));
  EXPECT_FALSE(PhraseFinder("Anna and Joann").Has("Ann"));
  EXPECT_FALSE(PhraseFinder("ärgerlich").Has("ärger"));
  EXPECT_FALSE(PhraseFinder("anything").Has("..."));
  EXPECT_FALSE(PhraseFinder("").Has("Ann"));
  EXPECT_FALSE(PhraseFinder("हिन्दी").Has("हिन्द"));
}

TEST(PhraseFinderTest, FindsWordsWhereverScriptsSetNoSpaces) {
  EXPECT_TRUE(PhraseFinder("反核戦争").Has("戦争"));
  EXPECT_TRUE(PhraseFinder("ねえAnnさん").Has("Ann"));
  EXPECT_TRUE(PhraseFinder("こんにちはマリーさん").Has("マリー"));
  for (const char* text : {"สมชาย", "สมชายคิดว่าไง", "คุณสมชายครับ", "ไหนสมชาย", "สวัสดี สมชาย"}) {
    EXPECT_TRUE(PhraseFinder(text).Has("สมชาย")) << text;
  }
  for (const char* text : {"ສົມຊາຍ", "ສະບາຍດີສົມຊາຍເດີ", "ທ້າວສົມຊາຍ"}) {
    EXPECT_TRUE(PhraseFinder(text).Has("ສົມຊາຍ")) << text;
  }
  for (const char* text : {"សុខា", "សួស្តីសុខាសុខសប្បាយទេ", "លោកសុខា"}) {
    EXPECT_TRUE(PhraseFinder(text).Has("សុខា")) << text;
  }
  for (const char* text : {"အောင်အောင်", "ကိုအောင်အောင်ရေ", "မင်္ဂလာပါအောင်အောင်"}) {
    EXPECT_TRUE(PhraseFinder(text).Has("အောင်အောင်")) << text;
  }
}

TEST(PhraseFinderTest, EndsNoPhraseInsideASyllable) {
  EXPECT_FALSE(PhraseFinder("มานี").Has("มาน"));  // its vowel is missing
  EXPECT_FALSE(PhraseFinder("เมา").Has("มา"));   // begins after a vowel that is written before
  EXPECT_FALSE(PhraseFinder("นะ").Has("น"));
  EXPECT_FALSE(PhraseFinder("မင်း").Has("မ"));  // the closing letter is part of it
  EXPECT_FALSE(PhraseFinder("ឆ្មា").Has("ឆ"));
}

TEST(PhraseFinderTest, TakesParticlesAfterHangul) {
  for (const char* text : {"민수야 안녕", "민수 씨", "민수씨는?", "민수에게", "지은이랑 민수가"}) {
    EXPECT_TRUE(PhraseFinder(text).Has("민수")) << text;
  }
  EXPECT_FALSE(PhraseFinder("민수기를 읽어").Has("민수"));
  EXPECT_FALSE(PhraseFinder("김민수").Has("민수"));
}

TEST(PhraseFinderTest, FindsNothingWhereALongerPhraseWasTaken) {
  PhraseFinder words("Ann Lee and Lee, 山田太郎と山田");

  EXPECT_TRUE(words.Take("Ann Lee"));
  EXPECT_FALSE(words.Take("Ann"));
  EXPECT_TRUE(words.Take("Lee"));
  EXPECT_TRUE(words.Take("山田太郎"));
  EXPECT_FALSE(words.Has("太郎"));
  EXPECT_TRUE(words.Has("山田"));
}

TEST(WordsTest, LooksForEachWordOnce) {
  EXPECT_THAT(QueryWords("Tea? tea! TEA, milk"), ElementsAre("tea", "milk"));
}

TEST(WordsTest, TakesWordsFromBothEndsOfALongText) {
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
}  // namespace dramatis
