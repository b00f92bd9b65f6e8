#include "services/inference/retrieval/local_retrieval.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"
#include "services/inference/retrieval/sentences.h"

namespace dramatis::inference {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kBiography[] = R"(# Ada Moreno

I'm Ada Moreno, a baker from Lisbon. I live in a blue house by the harbour with a dog called Rui.

## Work

I run a bakery with four people. We start at three in the morning. Before that I was a sailor for
nine years.

## Music

I play the trumpet in a brass band. It rehearses on Mondays.
)";

RetrievalInput Ask(const std::string& question) {
  RetrievalInput input;
  input.persona_name = "Ada Moreno";
  input.biography = kBiography;
  input.question = question;
  return input;
}

TEST(LocalRetrievalTest, AnswersWithTheSentenceThatFits) {
  EXPECT_THAT(Retrieve(Ask("Where do you live?")), StartsWith("I live in a blue house"));
  EXPECT_THAT(Retrieve(Ask("Do you have any pets?")), HasSubstr("a dog called Rui"));
  EXPECT_THAT(Retrieve(Ask("What do you do?")), StartsWith("I run a bakery"));
}

TEST(LocalRetrievalTest, BringsAlongWhatASentenceLeansOn) {
  EXPECT_EQ(Retrieve(Ask("When does it rehearse? On Mondays?")),
            "I play the trumpet in a brass band. It rehearses on Mondays.");
}

TEST(LocalRetrievalTest, SaysPlainlyThatNothingIsWritten) {
  EXPECT_EQ(Retrieve(Ask("What is the capital of France?")),
            "I don't have anything written about that. I can tell you about: Work, Music.");
  RetrievalInput empty = Ask("What is the capital of France?");
  empty.biography = "";
  EXPECT_THAT(Retrieve(empty), StartsWith("Nothing has been written about me"));
  EXPECT_FALSE(Retrieve(Ask("")).empty());
}

TEST(LocalRetrievalTest, NeverDeniesBeingAnAi) {
  const std::string answer = Retrieve(Ask("Are you a real human?"));
  EXPECT_THAT(answer, HasSubstr("AI persona"));
  EXPECT_THAT(answer, HasSubstr("retrieval model"));
}

TEST(LocalRetrievalTest, GreetsWithTheFirstSentence) {
  EXPECT_EQ(Retrieve(Ask("Hello!")), "Hello! I'm Ada Moreno, a baker from Lisbon.");
}

TEST(LocalRetrievalTest, TakesAFollowUpByWhatWasAskedBefore) {
  RetrievalInput input = Ask("And why?");
  input.previous_question = "Do you play in a band?";
  EXPECT_THAT(Retrieve(input), HasSubstr("trumpet"));
}

TEST(LocalRetrievalTest, DoesNotRepeatWhatItJustSaid) {
  RetrievalInput input = Ask("Tell me more");
  input.previous_question = "What is your work?";
  input.previous_answer = "I run a bakery with four people.";
  EXPECT_THAT(Retrieve(input), Not(HasSubstr("I run a bakery with four people.")));
}

TEST(LocalRetrievalTest, AnswersAboutTheUserFromMemories) {
  RetrievalInput input = Ask("What is my cat called?");
  input.memories = {"The user's cat is called Miso", "The user likes tea"};
  EXPECT_EQ(Retrieve(input), "From what I remember about you: The user's cat is called Miso");
  input.question = "What do you remember about me?";
  EXPECT_THAT(Retrieve(input), HasSubstr("Miso; The user likes tea"));
}

TEST(LocalRetrievalTest, QuotesWhatTheUserSaidBefore) {
  RetrievalInput input = Ask("What is my name?");
  input.said = {"What is my name?", "Hi! My name is Sam. I am tired."};
  EXPECT_EQ(Retrieve(input), "You told me: \"My name is Sam.\"");
}

TEST(LocalRetrievalTest, ReadsThePackedPrompt) {
  PackedPrompt prompt;
  const auto part = [&](prompt::v1::PartKind kind, const char* text) {
    prompt.parts.emplace_back().set_kind(kind);
    prompt.parts.back().set_text(text);
  };
  const auto say = [&](prompt::v1::Role role, const char* text) {
    prompt.messages.emplace_back().set_role(role);
    prompt.messages.back().set_text(text);
  };
  part(prompt::v1::PART_KIND_ROLE, "You are Ada.");
  part(prompt::v1::PART_KIND_BIOGRAPHY, "I bake.");
  part(prompt::v1::PART_KIND_MEMORY, "likes tea");
  say(prompt::v1::ROLE_USER, "one");
  say(prompt::v1::ROLE_ASSISTANT, "two");
  say(prompt::v1::ROLE_USER, "three");
  const RetrievalInput input = ReadPrompt(prompt, "Ada");
  EXPECT_EQ(input.biography, "I bake.");
  EXPECT_EQ(input.memories, std::vector<std::string>{"likes tea"});
  EXPECT_EQ(input.question, "three");
  EXPECT_EQ(input.previous_question, "one");
  EXPECT_EQ(input.previous_answer, "two");
}

// Whatever is asked: the answer is one of the few fixed ones, or made of the text's own sentences.
RC_GTEST_PROP(LocalRetrievalProperty, InventsNothing, ()) {
  static const std::vector<std::string> all_words = {
      "bakery", "live", "trumpet", "why", "moon", "you", "my", "work", "Monday", "?", "did", "and"};
  std::string question;
  const int words = *rc::gen::inRange(1, 8);
  for (int i = 0; i < words; ++i)
    question += all_words[*rc::gen::inRange<size_t>(0, all_words.size())] + " ";
  const RetrievalInput input = Ask(question);
  std::string answer = Retrieve(input);
  RC_ASSERT(answer == Retrieve(input));
  if (answer.starts_with("I don't have anything written")) return;
  for (const Sentence& sentence : SplitSentences(kBiography)) {
    const size_t at = answer.find(sentence.text);
    if (at != std::string::npos) answer.erase(at, sentence.text.size());
  }
  RC_ASSERT(answer.find_first_not_of(' ') == std::string::npos);
}

}  // namespace
}  // namespace dramatis::inference
