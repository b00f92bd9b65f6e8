#include "services/conversation/turns/runner.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/prompt/turn_prompt.h"
#include "services/conversation/testing/fake_tools.h"
#include "shared/status/errors.h"
#include "shared/status/facts.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class TurnRunnerTest : public testing::Test, protected FakeTools {
 protected:
  TurnRunnerTest() {
    MessageRow message;
    message.sequence = 1;
    message.message_id = "m1";
    message.user_id = "alice";
    message.content = "Hello";
    store_.messages.push_back(message);
    job_.message = "Hello";
    job_.turn.conversation_id = "c1";
    job_.turn.turn_id = "t1";
    job_.turn.user_id = "alice";
    job_.turn.persona_id = "ada";
    job_.turn.trigger_sequence = 1;
    job_.conversation.ttl = absl::Hours(1);
    job_.conversation.expires_at = clock_.Now() + absl::Hours(1);
    job_.conversation.hold_expires_at = clock_.Now() + absl::Hours(2);
  }

  // Runs the turn until the model is to speak.
  void Begin() {
    Make();
    runner_->Begin();
  }
  void Make() {
    live_ = std::make_shared<LiveTurn>(FactsOf(job_.turn), job_.turn.attempt, job_.turn.text);
    runner_ = std::make_shared<TurnRunner>(Tools(), host_, job_, CallContext(), live_);
  }

  FakeHost host_;
  TurnJob job_;
  std::shared_ptr<LiveTurn> live_;
  std::shared_ptr<TurnRunner> runner_;
};

TEST_F(TurnRunnerTest, StoresTheReplyBeforeItTellsFollowers) {
  Begin();
  inference_.Say("Hi ");
  inference_.Say("there");
  inference_.Done();
  EXPECT_FALSE(live_->text().finished());
  host_.RunTasks();

  ASSERT_THAT(turns_.ends, SizeIs(1));
  const TurnEnd& end = turns_.ends[0];
  EXPECT_EQ(end.state, TurnState::kDone);
  EXPECT_EQ(end.text, "Hi there");
  EXPECT_EQ(end.finish_reason, "stop");
  EXPECT_EQ(end.model, "fake/model");
  EXPECT_EQ(live_->outcome()->response(), "Hi there");
  EXPECT_EQ(live_->outcome()->message_id(), end.message_id);
  EXPECT_EQ(host_.overs, 1);
  EXPECT_FALSE(host_.lost);
}

TEST_F(TurnRunnerTest, AsksForTheAnswerUnderTurnAndAttempt) {
  job_.turn.attempt = 3;
  Begin();

  EXPECT_EQ(inference_.requests[0].turn_key(), "t1:3");
  EXPECT_EQ(inference_.requests[0].messages(0).text(), "Hello");
  EXPECT_THAT(memories_.queries, ElementsAre("Hello"));
  EXPECT_TRUE(personas_.requests[0].participant());
}

TEST_F(TurnRunnerTest, ReadsAgainWhatWasReadAheadWithAGap) {
  // The reply before is being committed together with the turn: no other connection sees it yet.
  job_.turn.trigger_sequence = 3;
  job_.message = "And?";
  TurnPrompt prompt(Tools(), job_, CallContext());
  prompt.ReadAhead();
  EXPECT_FALSE(prompt.complete());
  MessageRow reply;
  reply.sequence = 2;
  reply.persona_id = "ada";
  reply.content = "Hi";
  store_.messages.push_back(reply);

  const auto request = prompt.Request();

  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_THAT(request->messages(), SizeIs(3));
  EXPECT_EQ(request->messages(1).text(), "Hi");
  EXPECT_THAT(personas_.requests, SizeIs(1)) << "only the history is read again";
}

TEST_F(TurnRunnerTest, TakesWhatWasReadAheadWhereNothingIsMissing) {
  TurnPrompt prompt(Tools(), job_, CallContext());
  prompt.ReadAhead();
  EXPECT_TRUE(prompt.complete());
  store_.readable = UnavailableError("down");

  EXPECT_TRUE(prompt.Request().ok());
}

TEST_F(TurnRunnerTest, FailsATurnWhoseHistoryHasAGap) {
  job_.turn.trigger_sequence = 3;  // message 2 is missing
  Begin();
  host_.RunTasks();

  EXPECT_THAT(inference_.requests, IsEmpty());
  ASSERT_THAT(turns_.ends, SizeIs(1));
  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
}

TEST_F(TurnRunnerTest, AsksForTheCostOfWhatWasCutShort) {
  prompt::v1::Usage usage;
  usage.set_input_tokens(70);
  usage.set_output_tokens(3);
  usage.set_estimated(true);
  inference_.usage = usage;
  Begin();
  inference_.Say("So far");
  runner_->Cancel();
  inference_.Fail(absl::CancelledError());
  host_.RunTasks();

  EXPECT_THAT(inference_.asked_usage, ElementsAre("t1:1"));
  ASSERT_THAT(turns_.ends, SizeIs(1));
  EXPECT_EQ(turns_.ends[0].state, TurnState::kCancelled);
  EXPECT_EQ(turns_.ends[0].usage, usage.SerializeAsString());
}

TEST_F(TurnRunnerTest, SaysThatACostIsNotKnown) {
  Begin();
  inference_.Say("So far");
  inference_.Fail(UnavailableError("broken"));
  host_.RunTasks();

  ASSERT_THAT(turns_.ends, SizeIs(1));
  prompt::v1::Usage usage;
  ASSERT_TRUE(usage.ParseFromString(turns_.ends[0].usage));
  EXPECT_TRUE(usage.estimated());
}

TEST_F(TurnRunnerTest, AsksForNoCostWhereNothingCame) {
  Begin();
  inference_.Fail(absl::ResourceExhaustedError("spent"));
  host_.RunTasks();

  EXPECT_THAT(inference_.asked_usage, IsEmpty());
}

TEST_F(TurnRunnerTest, AsksForTheCostOfAPromptThatWasNotWaitedFor) {
  Begin();
  runner_->Cancel();
  inference_.Fail(absl::CancelledError());
  host_.RunTasks();

  EXPECT_THAT(inference_.asked_usage, ElementsAre("t1:1"));
}

TEST_F(TurnRunnerTest, ReplacesMacrosInThePersonasText) {
  personas_.text = "You are {{char}}. You talk with {{user}}. {{// nobody sees this}}";
  memories_.display_name = "Zelda {{char}}";
  Begin();

  EXPECT_EQ(inference_.requests[0].parts(0).text(), "You are Ada. You talk with Zelda {{char}}. ");
}

TEST_F(TurnRunnerTest, RenewsAHoldThatEndsBeforeTheSession) {
  job_.conversation.hold_expires_at = clock_.Now();
  Begin();

  EXPECT_EQ(personas_.requests[0].hold_conversation_id(), "c1");
  EXPECT_THAT(store_.holds, ElementsAre(clock_.Now() + absl::Hours(2)));
}

TEST_F(TurnRunnerTest, AsksAgainOnceWhereANeighbourFails) {
  personas_.failures = {UnavailableError("down")};
  memories_.failures = 1;
  Begin();

  EXPECT_THAT(personas_.requests, SizeIs(2));
  EXPECT_THAT(inference_.requests, SizeIs(1));
}

TEST_F(TurnRunnerTest, FailsWithThePersonasError) {
  personas_.failures = {NotFoundError("persona"), NotFoundError("persona")};
  Begin();
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
  EXPECT_EQ(GetReason(ParseError(turns_.ends[0].error)), "NOT_FOUND");
  EXPECT_EQ(GetErrorInfo(live_->outcome().status())->metadata().at("turn_id"), "t1");
  EXPECT_THAT(inference_.requests, IsEmpty());
}

TEST_F(TurnRunnerTest, NeverTakesAFailedReadForAnEmptyHistory) {
  store_.readable = UnavailableError("down");
  Begin();
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
  EXPECT_THAT(inference_.requests, IsEmpty());
}

TEST_F(TurnRunnerTest, TriesAnEmptyReplyOnceMore) {
  Begin();
  inference_.Say(" \n");
  inference_.Done();
  host_.RunTasks();
  EXPECT_THAT(turns_.attempts, ElementsAre(2));
  EXPECT_EQ(inference_.requests[1].turn_key(), "t1:2");
  inference_.Say("now");
  inference_.Done();
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].text, "now");
  EXPECT_EQ(live_->text().ReadFrom({1, 2}).reset, true);
}

TEST_F(TurnRunnerTest, FailsAReplyThatIsEmptyTwice) {
  Begin();
  inference_.Done();
  host_.RunTasks();
  inference_.Done();
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
  EXPECT_EQ(GetReason(live_->outcome().status()), "PROVIDER_FAILED");
}

TEST_F(TurnRunnerTest, TriesAgainWhereInferenceWasLostBeforeTheFirstDelta) {
  Begin();
  inference_.Fail(UnavailableError("connection lost"));
  host_.RunTasks();
  EXPECT_THAT(inference_.requests, SizeIs(2));
  inference_.Say("x");
  inference_.Fail(UnavailableError("connection lost"));
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
  EXPECT_EQ(turns_.ends[0].text, "x");
}

TEST_F(TurnRunnerTest, StartsABrokenAnswerAnewOnceWhereInferenceSaysSo) {
  const absl::Status broken =
      WithMetadata(Error(absl::StatusCode::kUnavailable,
                         dramatis::inference::v1::ERROR_REASON_PROVIDER_FAILED, "it broke"),
                   {{kAskAgainFact, "true"}});
  Begin();
  inference_.Say("Half of");
  inference_.Fail(broken);
  host_.RunTasks();
  EXPECT_THAT(turns_.attempts, ElementsAre(2));
  EXPECT_EQ(inference_.requests[1].turn_key(), "t1:2");
  inference_.Say("All of it");
  EXPECT_TRUE(live_->text().ReadFrom({1, 7}).reset);
  inference_.Fail(broken);
  host_.RunTasks();

  EXPECT_THAT(inference_.requests, SizeIs(2));
  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
  EXPECT_EQ(turns_.ends[0].text, "All of it");
}

TEST_F(TurnRunnerTest, AnAnswerWithoutItsEndIsAFailure) {
  Begin();
  inference_.Say("half");
  inference_.Fail(absl::OkStatus());  // the stream closed, no `done`
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
  EXPECT_EQ(GetReason(live_->outcome().status()), "PROVIDER_FAILED");
}

TEST_F(TurnRunnerTest, CancelKeepsWhatHasBeenSaid) {
  Begin();
  inference_.Say("so far");
  runner_->Cancel();
  EXPECT_TRUE(inference_.generation->cancelled);
  inference_.Say(" and more");
  inference_.Fail(absl::CancelledError());
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kCancelled);
  EXPECT_EQ(turns_.ends[0].text, "so far");
  EXPECT_EQ(live_->text().Text(), "so far");
  EXPECT_EQ(live_->outcome()->finish_reason(), "cancelled");
}

TEST_F(TurnRunnerTest, CancelWithoutAWordLeavesNoMessage) {
  job_.turn.cancel_requested = true;
  Begin();
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kCancelled);
  EXPECT_EQ(turns_.ends[0].message_id, "");
  EXPECT_TRUE(live_->outcome().ok());
  EXPECT_THAT(inference_.requests, IsEmpty());
}

TEST_F(TurnRunnerTest, CancelComesTooLateForAReplyThatIsComplete) {
  Begin();
  inference_.Say("all");
  inference_.Done();
  runner_->Cancel();
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].state, TurnState::kDone);
}

TEST_F(TurnRunnerTest, StopsSilentlyWhenTheLeaseIsLost) {
  Begin();
  inference_.Say("x");
  runner_->Checkpointed(CheckpointResult::kLost);
  EXPECT_TRUE(inference_.generation->cancelled);
  inference_.Fail(absl::CancelledError());
  host_.RunTasks();

  EXPECT_THAT(turns_.ends, IsEmpty());
  EXPECT_TRUE(host_.lost);
  EXPECT_FALSE(live_->text().finished());  // its followers go on elsewhere
}

TEST_F(TurnRunnerTest, WritesNothingUnderALostFence) {
  Begin();
  inference_.Say("x");
  inference_.Done();
  turns_.fence = 2;
  host_.RunTasks();

  EXPECT_THAT(turns_.ends, IsEmpty());
  EXPECT_TRUE(host_.lost);
}

TEST_F(TurnRunnerTest, KeepsTheReplyUntilTheStoreTakesIt) {
  turns_.end_failures = {UnavailableError("down"), UnavailableError("down")};
  Begin();
  inference_.Say("kept");
  inference_.Done();
  host_.RunTasks();
  EXPECT_FALSE(live_->text().finished());
  host_.RunLater();

  ASSERT_THAT(turns_.ends, SizeIs(1));
  EXPECT_EQ(turns_.ends[0].text, "kept");
  EXPECT_EQ(live_->outcome()->response(), "kept");
}

TEST_F(TurnRunnerTest, WritesTheTextDownOnlyWhereItHasGrown) {
  Begin();
  EXPECT_EQ(runner_->NextCheckpoint()->text, std::nullopt);
  inference_.Say("one");
  EXPECT_EQ(runner_->NextCheckpoint()->text, "one");
  EXPECT_EQ(runner_->NextCheckpoint()->text, std::nullopt);
  runner_->CheckpointFailed();
  EXPECT_EQ(runner_->NextCheckpoint()->text, "one");
  inference_.Done();
  host_.RunTasks();
  EXPECT_FALSE(runner_->NextCheckpoint().has_value());
}

TEST_F(TurnRunnerTest, HandsOverItsTextSoFar) {
  Begin();
  inference_.Say("so far");
  runner_->HandOver();
  inference_.Fail(absl::CancelledError());
  host_.RunTasks();

  EXPECT_THAT(turns_.released, ElementsAre("so far"));
  EXPECT_THAT(turns_.ends, IsEmpty());
  EXPECT_EQ(live_->outcome().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(TurnRunnerTest, StreamsWhatCanBeStored) {
  Begin();
  inference_.Say(std::string("a\0b", 3));
  inference_.Done();
  host_.RunTasks();

  EXPECT_EQ(turns_.ends[0].text, "ab");
  EXPECT_EQ(live_->text().Text(), "ab");
}

TEST_F(TurnRunnerTest, OffersTheNewestMessagesWithinTheLimits) {
  store_.messages.clear();
  for (int i = 1; i <= 1200; ++i) {
    MessageRow message;
    message.sequence = i;
    (i % 2 == 0 ? message.persona_id : message.user_id) = i % 2 == 0 ? "ada" : "alice";
    message.content = "m" + std::to_string(i);
    store_.messages.push_back(message);
  }
  job_.turn.trigger_sequence = 1199;
  job_.message = "m1199";
  Begin();

  const auto& messages = inference_.requests[0].messages();
  EXPECT_EQ(messages.size(), 1000);
  EXPECT_EQ(messages[0].text(), "m200");
  EXPECT_EQ(messages[999].text(), "m1199");
}

TEST_F(TurnRunnerTest, OffersTheNewestMessageHoweverLargeItIs) {
  job_.message = std::string(5 * 1024 * 1024, 'a');
  Begin();

  ASSERT_EQ(inference_.requests[0].messages_size(), 1);
  EXPECT_EQ(inference_.requests[0].messages(0).text(), job_.message);
}

TEST_F(TurnRunnerTest, OffersTheMessageThatIsNotStoredYet) {
  job_.turn.trigger_sequence = 2;
  job_.message = "And you?";
  Begin();

  ASSERT_EQ(inference_.requests[0].messages_size(), 1);  // of one role: put together
  EXPECT_EQ(inference_.requests[0].messages(0).text(), "Hello\n\nAnd you?");
}

TEST_F(TurnRunnerTest, SaysWhatWasPreparedBefore) {
  Make();
  inference::v1::StreamGenerateRequest prompt;
  prompt.add_messages()->set_text("prepared");
  runner_->BeginWith(prompt);

  EXPECT_TRUE(personas_.requests.empty());
  ASSERT_EQ(inference_.requests.size(), 1U);
  EXPECT_EQ(inference_.requests[0].messages(0).text(), "prepared");
  EXPECT_EQ(inference_.requests[0].turn_key(), "t1:1");
}

TEST_F(TurnRunnerTest, FailsWhereNothingCouldBePrepared) {
  Make();
  runner_->BeginWith(UnavailableError("persona is away"));
  host_.RunTasks();

  EXPECT_TRUE(inference_.requests.empty());
  ASSERT_EQ(turns_.ends.size(), 1U);
  EXPECT_EQ(turns_.ends[0].state, TurnState::kFailed);
}

}  // namespace
}  // namespace dramatis::conversation
