#include "services/inference/retrieval/small_talk.h"

#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

TEST(SmallTalkTest, KnowsTheQuestionWhetherItIsAProgram) {
  for (const char* const text :
       {"Are you an AI?", "are you human", "Are you really a human being?",
        "Are you a bot or a person?", "You're a robot, right?", "Am I talking to a real person?",
        "Is this a chatbot?", "Be honest: are you real?", "Hey, are you an AI or not?",
        "Are you artificial intelligence?", "What model are you?",
        "so you are just a language model", "Aren't you a machine?"}) {
    EXPECT_EQ(ReadIntent(text), Intent::kNature) << text;
  }
}

TEST(SmallTalkTest, DoesNotTakeOtherQuestionsForIt) {
  for (const char* const text :
       {"Are you an AI researcher?", "Are you interested in AI?", "Do you like robots?",
        "Is this a good book?", "Are you a person who likes tea?", "Are you happy?",
        "Is it raining?", "Are you Ada?"}) {
    EXPECT_EQ(ReadIntent(text), Intent::kQuestion) << text;
  }
}

TEST(SmallTalkTest, KnowsGreetingsThanksAndFarewells) {
  EXPECT_EQ(ReadIntent("Hello!"), Intent::kGreeting);
  EXPECT_EQ(ReadIntent("hi there"), Intent::kGreeting);
  EXPECT_EQ(ReadIntent("Good morning"), Intent::kGreeting);
  EXPECT_EQ(ReadIntent("Hello, where do you live?"), Intent::kQuestion);
  EXPECT_EQ(ReadIntent("Thank you very much!"), Intent::kThanks);
  EXPECT_EQ(ReadIntent("Thanks, and your job?"), Intent::kQuestion);
  EXPECT_EQ(ReadIntent("Bye, see you later"), Intent::kFarewell);
}

TEST(SmallTalkTest, KnowsWhoIsAskedAbout) {
  EXPECT_EQ(ReadIntent("Who are you?"), Intent::kIntroduction);
  EXPECT_EQ(ReadIntent("Tell me about yourself"), Intent::kIntroduction);
  EXPECT_EQ(ReadIntent("What do you remember about me?"), Intent::kAboutUser);
}

TEST(SmallTalkTest, TakesNothingForSmallTalkInAnEmptyOrForeignMessage) {
  EXPECT_EQ(ReadIntent(""), Intent::kQuestion);
  EXPECT_EQ(ReadIntent("?!"), Intent::kQuestion);
  EXPECT_EQ(ReadIntent("你好吗"), Intent::kQuestion);
}

}  // namespace
}  // namespace dramatis::inference
