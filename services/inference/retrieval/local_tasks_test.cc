#include "services/inference/retrieval/local_tasks.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/providers/task_prompt.h"

namespace dramatis::inference {
namespace {

using testing::HasSubstr;

v1::RunTaskRequest Request(v1::Task task) {
  v1::RunTaskRequest request;
  request.set_task(task);
  return request;
}

void Say(const std::string& speaker, const std::string& text, v1::RunTaskRequest& request) {
  auto& line = *request.add_lines();
  line.set_speaker(speaker);
  line.set_from_user(speaker == "User");
  line.set_text(text);
}

std::string Extracted(const std::string& text) {
  v1::RunTaskRequest request = Request(v1::TASK_EXTRACTION);
  Say("User", text, request);
  return AnswerTask(request);
}

TEST(TellsOfSpeakerTest, KnowsLastingStatementsInTheFirstPerson) {
  for (const char* sentence :
       {"My name is Ada and I live in Turin.", "Hi, I'm from Malm\u00f6!", "I don't eat meat.",
        "By the way, I work at a bakery", "My dog is called Byron.", "I have two children.",
        "Well, I love rye bread."}) {
    EXPECT_TRUE(TellsOfSpeaker(sentence)) << sentence;
  }
}

TEST(TellsOfSpeakerTest, LeavesTheRestAlone) {
  for (const char* sentence :
       {"Where do I live?", "Do you know that my name is Ada?", "I like that.", "I love you.",
        "I have a question about bread.", "If I live in Turin, what then.", "My name is",
        "Imagine I am a dragon.", "The baker said I live in Turin.", "You live in Turin.",
        "It rains.", "", "I am a bit tired.", "As I said, I live in Turin.",
        "You told me that I like tea, and I like tea."}) {
    EXPECT_FALSE(TellsOfSpeaker(sentence)) << sentence;
  }
  EXPECT_FALSE(TellsOfSpeaker("I like " + std::string(400, 'x')));
}

TEST(LocalExtractionTest, QuotesTheUsersOwnWords) {
  EXPECT_EQ(Extracted("Hello! My name is Ada and I live in Turin. What is up?"),
            "0: The user said: \"My name is Ada and I live in Turin.\"\n");
}

TEST(LocalExtractionTest, ReadsMessagesAsPeopleTypeThem) {
  EXPECT_EQ(Extracted("my name is ada"), "0: The user said: \"my name is ada\"\n");
  EXPECT_EQ(Extracted("Hello\n\nI live in Turin"), "0: The user said: \"I live in Turin\"\n");
  EXPECT_EQ(Extracted("# I live in Turin"), "0: The user said: \"I live in Turin\"\n");
  EXPECT_EQ(Extracted("I like:\n- tea"), "NONE");
}

TEST(LocalExtractionTest, TakesNothingFromOthersAndFromQuotedLines) {
  v1::RunTaskRequest request = Request(v1::TASK_EXTRACTION);
  Say("Ada", "My name is Ada.", request);
  Say("User", "> I live in Rome.\nWho wrote that", request);

  EXPECT_EQ(AnswerTask(request), "NONE");
}

TEST(LocalExtractionTest, SpeaksTheLanguageThatIsReadBack) {
  v1::RunTaskRequest request = Request(v1::TASK_EXTRACTION);
  Say("Ada", "Who are you?", request);
  Say("User", "My name is Ada Lovelace\nI like tea: green tea.", request);

  const auto statements = ReadStatements(request, AnswerTask(request), 0.9);

  ASSERT_EQ(statements.size(), 2);
  EXPECT_EQ(statements[0].line(), 1);
  EXPECT_EQ(statements[0].text(), "The user said: \"My name is Ada Lovelace\"");
  EXPECT_EQ(statements[1].text(), "The user said: \"I like tea: green tea.\"");
}

TEST(LocalSummaryTest, PicksTellingSentencesWithWhoSaidThem) {
  v1::RunTaskRequest request = Request(v1::TASK_SUMMARY);
  Say("User", "Hello! How are you?", request);
  Say("Ada", "I bake rye bread in London.", request);
  Say("User", "Rye bread needs sour dough. Does it?", request);

  EXPECT_EQ(AnswerTask(request),
            "Ada: I bake rye bread in London.\nUser: Rye bread needs sour dough.");
}

TEST(LocalSummaryTest, CarriesOverWhatWasSummedUpBefore) {
  v1::RunTaskRequest request = Request(v1::TASK_SUMMARY);
  request.set_previous_summary("User: The bakery opens on Monday.");
  Say("Ada", "The bakery sells rye bread.", request);

  EXPECT_EQ(AnswerTask(request),
            "User: The bakery opens on Monday.\nAda: The bakery sells rye bread.");
}

TEST(LocalSummaryTest, StaysShortHoweverLongTheConversation) {
  v1::RunTaskRequest request = Request(v1::TASK_SUMMARY);
  for (int i = 0; i < 200; ++i)
    Say("User", "Bread number " + std::to_string(i) + " has many seeds and much salt.", request);

  const std::string summary = AnswerTask(request);

  EXPECT_LE(summary.size(), 1800U);
  EXPECT_THAT(summary, HasSubstr("User: Bread number"));
  EXPECT_EQ(summary, AnswerTask(request));
}

TEST(LocalSummaryTest, IsNeverEmptyAndNeverMoreThanWasSaid) {
  v1::RunTaskRequest request = Request(v1::TASK_SUMMARY);
  Say("User", "Hi!", request);
  Say("Ada", "Ok?", request);

  EXPECT_EQ(AnswerTask(request), "User: Hi!\nAda: Ok?");
}

}  // namespace
}  // namespace dramatis::inference
