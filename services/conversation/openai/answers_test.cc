#include "services/conversation/openai/answers.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

Completion NewCompletion() {
  Completion completion;
  completion.id = "7";
  completion.model = "ada";
  completion.created = 5;
  completion.turn = std::make_shared<LiveTurn>(TurnFacts{}, /*attempt=*/1);
  return completion;
}

v1::ChatResponse Outcome(const std::string& text, const std::string& reason = "stop") {
  v1::ChatResponse outcome;
  outcome.set_response(text);
  outcome.set_finish_reason(reason);
  outcome.mutable_usage()->set_input_tokens(3);
  outcome.mutable_usage()->set_output_tokens(4);
  return outcome;
}

TEST(ChatChunksTest, FollowsTheTextToItsEnd) {
  Completion completion = NewCompletion();
  ChatChunks chunks(completion, /*include_usage=*/true);
  chunks.OnReady([] {});
  EXPECT_FALSE(chunks.Poll().event.has_value());
  completion.turn->text().Append("Hel");
  auto next = chunks.Poll();
  EXPECT_EQ(next.event->choices(0).delta().role(), "assistant");
  EXPECT_EQ(next.event->choices(0).delta().content(), "Hel");
  EXPECT_EQ(next.event->id(), "chatcmpl-7");
  completion.turn->text().Append("lo");
  completion.turn->Finish(Outcome("Hello", "cancelled"));
  next = chunks.Poll();
  EXPECT_FALSE(next.event->choices(0).delta().has_role());
  EXPECT_EQ(next.event->choices(0).delta().content(), "lo");
  next = chunks.Poll();
  EXPECT_EQ(next.event->choices(0).finish_reason(), "stop");
  EXPECT_FALSE(next.end.has_value());
  next = chunks.Poll();
  EXPECT_EQ(next.event->choices_size(), 0);
  EXPECT_EQ(next.event->usage().total_tokens(), 7);
  EXPECT_TRUE(next.end->ok());
}

TEST(ChatChunksTest, AFailureBeforeTheFirstWordIsTheStreamsOwn) {
  Completion completion = NewCompletion();
  ChatChunks chunks(completion, false);
  chunks.OnReady([] {});
  completion.turn->Finish(NotFoundError("model"));
  const auto next = chunks.Poll();
  EXPECT_FALSE(next.event.has_value());
  EXPECT_TRUE(absl::IsNotFound(*next.end));
}

TEST(ChatChunksTest, AnotherAttemptGoesOnWhereItSaysTheSame) {
  Completion completion = NewCompletion();
  ChatChunks chunks(completion, false);
  chunks.OnReady([] {});
  completion.turn->text().Append("Hel");
  EXPECT_TRUE(chunks.Poll().event.has_value());
  completion.turn->text().Restart(2);
  completion.turn->text().Append("Hello");
  EXPECT_EQ(chunks.Poll().event->choices(0).delta().content(), "lo");
  completion.turn->text().Restart(3);
  completion.turn->text().Append("Other");
  const auto next = chunks.Poll();
  EXPECT_TRUE(absl::IsUnavailable(*next.end));
}

TEST(ChatChunksTest, WhoeverGoesAwayStopsTheModel) {
  bool stopped = false;
  Completion completion = NewCompletion();
  completion.stop = [&] { stopped = true; };
  ChatChunks chunks(completion, false);
  chunks.OnReady([] {});
  chunks.Cancelled();
  EXPECT_TRUE(stopped);
}

// The types of all events until the end.
std::vector<std::string> TypesOf(ResponseEvents& events, openai::v1::ResponseEvent& last) {
  std::vector<std::string> types;
  while (true) {
    auto next = events.Poll();
    if (next.event.has_value()) {
      types.push_back(next.event->type());
      EXPECT_EQ(next.event->sequence_number(), static_cast<int>(types.size()) - 1);
      last = *next.event;
    }
    if (next.end.has_value()) return types;
    if (!next.event.has_value()) return types;
  }
}

TEST(ResponseEventsTest, TellsAllThatTheHelpersOfClientsNeed) {
  Completion completion = NewCompletion();
  ResponseEvents events(completion, {});
  events.OnReady([] {});
  EXPECT_FALSE(events.Poll().event.has_value());  // nothing before there is a text
  completion.turn->text().Append("Hello");
  completion.turn->Finish(Outcome("Hello"));
  openai::v1::ResponseEvent last;
  EXPECT_EQ(
      TypesOf(events, last),
      (std::vector<std::string>{
          "response.created", "response.in_progress", "response.output_item.added",
          "response.content_part.added", "response.output_text.delta", "response.output_text.done",
          "response.content_part.done", "response.output_item.done", "response.completed"}));
  EXPECT_EQ(last.response().output(0).content(0).text(), "Hello");
  EXPECT_EQ(last.response().usage().total_tokens(), 7);
}

TEST(ResponseEventsTest, EndsAsIncompleteOrFailed) {
  for (const auto& [reason, shown] : std::vector<std::pair<std::string, std::string>>{
           {"length", "max_output_tokens"}, {"content_filter", "content_filter"}}) {
    Completion completion = NewCompletion();
    ResponseEvents events(completion, {});
    events.OnReady([] {});
    completion.turn->text().Append("Hel");
    completion.turn->Finish(Outcome("Hel", reason));
    openai::v1::ResponseEvent last;
    TypesOf(events, last);
    EXPECT_EQ(last.type(), "response.incomplete");
    EXPECT_EQ(last.response().incomplete_details().reason(), shown);
  }
  Completion completion = NewCompletion();
  ResponseEvents events(completion, {});
  events.OnReady([] {});
  completion.turn->text().Append("Hel");
  completion.turn->Finish(InternalError("a secret"));
  openai::v1::ResponseEvent last;
  TypesOf(events, last);
  EXPECT_EQ(last.type(), "response.failed");
  EXPECT_EQ(last.response().error().message(), "the server failed");
}

TEST(ResponseEventsTest, AFailureBeforeTheFirstWordIsTheStreamsOwn) {
  Completion completion = NewCompletion();
  ResponseEvents events(completion, {});
  events.OnReady([] {});
  completion.turn->Finish(NotFoundError("model"));
  EXPECT_TRUE(absl::IsNotFound(*events.Poll().end));
}

}  // namespace
}  // namespace dramatis::conversation
