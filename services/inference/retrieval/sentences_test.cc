#include "services/inference/retrieval/sentences.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Texts(const std::string& text) {
  std::vector<std::string> texts;
  for (const Sentence& sentence : SplitSentences(text))
    texts.push_back(sentence.text);
  return texts;
}

std::vector<std::string> Headings(const std::string& text) {
  std::vector<std::string> headings;
  for (const Sentence& sentence : SplitSentences(text))
    headings.push_back(sentence.heading);
  return headings;
}

TEST(SentencesTest, SplitsAtTheEndsOfSentences) {
  EXPECT_THAT(Texts("I bake. Do you? Yes! \"Good.\" Fine"),
              ElementsAre("I bake.", "Do you?", "Yes!", "\"Good.\"", "Fine"));
  EXPECT_THAT(Texts(""), IsEmpty());
  EXPECT_THAT(Texts(" \n\n "), IsEmpty());
}

TEST(SentencesTest, KnowsStopsThatEndNoSentence) {
  EXPECT_THAT(Texts("I met Dr. Lee, e.g. Tuesday, at 3.5 km. J. Smith came."),
              ElementsAre("I met Dr. Lee, e.g. Tuesday, at 3.5 km.", "J. Smith came."));
}

TEST(SentencesTest, JoinsLinesOfOneParagraphAndNumbersParagraphs) {
  const std::vector<Sentence> sentences =
      SplitSentences("I bake\nbread. I sell it.\r\n\r\nI rest.");
  ASSERT_EQ(sentences.size(), 3);
  EXPECT_EQ(sentences[0].text, "I bake bread.");
  EXPECT_EQ(sentences[0].paragraph, sentences[1].paragraph);
  EXPECT_NE(sentences[1].paragraph, sentences[2].paragraph);
}

TEST(SentencesTest, ReadsHeadingsInEveryForm) {
  EXPECT_THAT(
      Headings(
          "Intro text here, as a sentence.\n\n## Work\nI bake.\n\nHobbies\n-------\nI swim.\n\n"
          "Family:\nI have two cats.\n\nMy projects\n\nI build boats."),
      ElementsAre("", "Work", "Hobbies", "Family", "My projects"));
}

TEST(SentencesTest, TakesListItemsOneByOne) {
  EXPECT_THAT(Texts("- I like tea\n- I like\n  coffee\n1. I swim\n• I run"),
              ElementsAre("I like tea", "I like coffee", "I swim", "I run"));
}

TEST(SentencesTest, KeepsAShortLineWithNothingBelowIt) {
  EXPECT_THAT(Texts("Likes green tea"), ElementsAre("Likes green tea"));
  EXPECT_THAT(Texts("Likes tea\n\nHas a dog"), ElementsAre("Likes tea", "Has a dog"));
}

TEST(SentencesTest, SplitsScriptsWithoutSpaces) {
  EXPECT_THAT(Texts("我住在北京。我喜欢茶！你呢？"),
              ElementsAre("我住在北京。", "我喜欢茶！", "你呢？"));
}

}  // namespace
}  // namespace dramatis::inference
