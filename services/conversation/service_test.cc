// Chat and turns over real gRPC, on both engines, with fake neighbours.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/service_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(ConversationServiceTest, AnswersAndRemembers) {
  const auto response = Chat(Say("What do you do?"));

  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->response(), "I write programs.");
  EXPECT_EQ(response->session_id(), "demo");
  EXPECT_EQ(response->model(), "fake/model");
  EXPECT_EQ(response->finish_reason(), "stop");
  EXPECT_EQ(response->usage().output_tokens(), 3);
  EXPECT_EQ(response->metadata().at("retrieval"), "true");
  const auto messages = History("demo");
  ASSERT_THAT(messages, SizeIs(2));
  EXPECT_EQ(messages[0].message_id(), response->user_message_id());
  EXPECT_EQ(messages[0].content(), "What do you do?");
  EXPECT_EQ(messages[0].role(), v1::MESSAGE_ROLE_USER);
  EXPECT_EQ(messages[0].sequence(), 1);
  EXPECT_EQ(messages[1].message_id(), response->message_id());
  EXPECT_EQ(messages[1].content(), response->response());
  EXPECT_EQ(messages[1].role(), v1::MESSAGE_ROLE_ASSISTANT);
  EXPECT_EQ(messages[1].sequence(), 2);
  EXPECT_EQ(messages[1].metadata().at("turn_id"), response->turn_id());
  EXPECT_EQ(messages[1].timestamp().seconds(), response->timestamp().seconds());
}

TEST_P(ConversationServiceTest, OffersPersonaFrameMemoryAndHistoryToTheModel) {
  ASSERT_TRUE(Chat(Say("one")).ok());
  ASSERT_TRUE(Chat(Say("two")).ok());

  const auto request = neighbours_.inference.requests().back();

  std::vector<int> kinds;
  for (const auto& part : request.parts())
    kinds.push_back(part.kind());
  EXPECT_THAT(kinds, ElementsAre(prompt::v1::PART_KIND_BIOGRAPHY, prompt::v1::PART_KIND_FRAME,
                                 prompt::v1::PART_KIND_MEMORY));
  EXPECT_EQ(request.parts(2).text(), "Asked: two");
  ASSERT_EQ(request.messages_size(), 3);
  EXPECT_EQ(request.messages(0).text(), "one");
  EXPECT_EQ(request.messages(1).text(), "I write programs.");
  EXPECT_EQ(request.messages(1).role(), prompt::v1::ROLE_ASSISTANT);
  EXPECT_EQ(request.messages(2).text(), "two");
  EXPECT_EQ(request.messages(2).sequence(), 3);
  EXPECT_EQ(request.user_id(), "alice");
  EXPECT_EQ(request.persona_name(), "Ada");
  EXPECT_EQ(request.parameters().model(), "fake/model");
}

TEST_P(ConversationServiceTest, StreamsStartDeltasDone) {
  OpenScript();
  ChatStream stream(*replica_, Say("Hello"), kAlice);

  const v1::ChatEvent start = stream.Next();
  neighbours_.inference.Say("Grüß ");
  const v1::ChatEvent delta = stream.Next();
  neighbours_.inference.Say("Gott");
  neighbours_.inference.End();
  const v1::ChatEvent done = stream.Rest();

  EXPECT_EQ(start.start().session_id(), "demo");
  EXPECT_EQ(start.cursor(), start.start().turn_id() + ":0:0");
  EXPECT_EQ(delta.delta().text(), "Grüß ");
  EXPECT_EQ(delta.cursor(), start.start().turn_id() + ":1:7");
  EXPECT_EQ(done.done().response(), "Grüß Gott");
  EXPECT_EQ(done.done().user_message_id(), start.start().user_message_id());
  EXPECT_EQ(stream.text(), "Grüß Gott");
  EXPECT_TRUE(stream.status().ok()) << stream.status();
}

TEST_P(ConversationServiceTest, ResumesAtEveryByte) {
  const std::string text = "Grüß 世界 👋🏽 end";
  neighbours_.inference.SetScript(
      {.deltas = {"Grüß ", "世界 ", "👋🏽", " end"}, .open = false, .status = {}});
  const auto response = Chat(Say("Hello"));
  ASSERT_TRUE(response.ok()) << response.status();

  for (size_t offset = 0; offset <= text.size(); ++offset) {
    ChatStream stream(
        *replica_,
        StreamFrom(response->turn_id(), response->turn_id() + ":1:" + std::to_string(offset)),
        kAlice);
    stream.set_text(text.substr(0, offset));
    const v1::ChatEvent last = stream.Rest();
    EXPECT_EQ(stream.text(), text) << offset;
    EXPECT_EQ(last.done().ShortDebugString(), response->ShortDebugString()) << offset;
  }
}

TEST_P(ConversationServiceTest, ATurnOutlivesItsConnectionAndCanBeFollowedAgain) {
  OpenScript();
  std::string turn_id;
  std::string cursor;
  {
    ChatStream first(*replica_, Say("Hello"), kAlice);
    turn_id = first.Next().start().turn_id();
    neighbours_.inference.Say("one ");
    cursor = first.Until(4).cursor();
    first.context().TryCancel();
  }
  neighbours_.inference.Say("two ");

  ChatStream second(*replica_, StreamFrom(turn_id, cursor), kAlice);
  second.set_text("one ");
  second.Until(8);
  neighbours_.inference.Say("three");
  neighbours_.inference.End();
  const v1::ChatEvent done = second.Rest();

  EXPECT_EQ(second.text(), "one two three");
  EXPECT_EQ(done.done().response(), "one two three");
  EXPECT_EQ(neighbours_.inference.cancelled(), 0);
  EXPECT_EQ(History("demo")[1].content(), "one two three");
}

TEST_P(ConversationServiceTest, RefusesCursorsThatAreNotTheTurns) {
  const auto response = Chat(Say("Hello"));
  ASSERT_TRUE(response.ok());
  for (const std::string& cursor :
       {std::string("x"), std::string("01890a5d-ac96-774b-bcce-b302099a8057:1:0"),
        response->turn_id() + ":1:-1", response->turn_id() + ":1"}) {
    ChatStream stream(*replica_, StreamFrom(response->turn_id(), cursor), kAlice);
    stream.Rest();
    EXPECT_EQ(GetReason(stream.status()), "INVALID_CURSOR") << cursor;
  }
}

TEST_P(ConversationServiceTest, ACursorBeyondTheEndGetsAReset) {
  const auto response = Chat(Say("Hello"));
  ASSERT_TRUE(response.ok());

  ChatStream stream(*replica_, StreamFrom(response->turn_id(), response->turn_id() + ":1:9999"),
                    kAlice);
  const v1::ChatEvent reset = stream.Next();

  EXPECT_EQ(reset.reset().text(), "I write programs.");
  EXPECT_TRUE(stream.Rest().has_done());
}

TEST_P(ConversationServiceTest, FiftyUsesOfOneKeyAreOneTurn) {
  constexpr int kCalls = 50;
  OpenScript();
  neighbours_.inference.Say("once");
  std::vector<std::string> answers(kCalls);
  std::vector<std::thread> threads;
  threads.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    threads.emplace_back([this, i, &answers] {
      auto context = TestContext(kAlice);
      context->AddMetadata("idempotency-key", "key-1");
      v1::ChatResponse response;
      v1::ChatRequest request = Say("Hello", "");
      const grpc::Status status = replica_->stub().Chat(context.get(), request, &response);
      answers[i] = status.ok() ? response.ShortDebugString() : "failed: " + status.error_message();
    });
  }
  while (neighbours_.inference.requests().empty())
    absl::SleepFor(absl::Milliseconds(5));
  neighbours_.inference.End();
  for (std::thread& thread : threads)
    thread.join();

  const auto first = Chat(Say("Hello", ""), kAlice, "key-1");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->ShortDebugString(), answers[0]);
  for (const std::string& answer : answers)
    EXPECT_EQ(answer, answers[0]);
  EXPECT_THAT(neighbours_.inference.requests(), SizeIs(1));
  EXPECT_THAT(History(first->session_id()), SizeIs(2));
  EXPECT_THAT(neighbours_.persona.holds(), SizeIs(1));
}

TEST_P(ConversationServiceTest, AReplayedKeyStreamsFromTheBeginning) {
  const auto first = Chat(Say("Hello"), kAlice, "key-1");
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(replayed_);
  v1::ChatRequest request = Say("Hello");
  request.set_stream(true);

  ChatStream stream(*replica_, request, kAlice, "key-1");
  EXPECT_EQ(stream.Next().start().turn_id(), first->turn_id());
  EXPECT_EQ(stream.Rest().done().ShortDebugString(), first->ShortDebugString());
  EXPECT_GT(stream.context().GetServerInitialMetadata().count("idempotency-replayed"), 0);

  EXPECT_EQ(GetReason(Chat(Say("Other"), kAlice, "key-1").status()), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_TRUE(Chat(Say("Hello"), kBob, "key-1").ok());  // keys are per user
}

TEST_P(ConversationServiceTest, RefusesASecondTurnWhileOneRuns) {
  OpenScript();
  ChatStream stream(*replica_, Say("Hello"), kAlice);
  const std::string turn_id = stream.Next().start().turn_id();

  const auto second = Chat(Say("And?"));

  EXPECT_EQ(GetReason(second.status()), "TURN_IN_PROGRESS");
  EXPECT_EQ(GetErrorInfo(second.status())->metadata().at("turn_id"), turn_id);
  v1::DeleteHistoryRequest del;
  del.set_session_id("demo");
  EXPECT_EQ(GetReason(Call(&v1::ConversationService::StubInterface::DeleteHistory, del).status()),
            "TURN_IN_PROGRESS");
  EXPECT_THAT(History("demo"), SizeIs(1));
  neighbours_.inference.Say("x");
  neighbours_.inference.End();
  stream.Rest();
}

TEST_P(ConversationServiceTest, CancelKeepsTheTextSoFar) {
  OpenScript();
  ChatStream stream(*replica_, Say("Hello"), kAlice);
  const std::string turn_id = stream.Next().start().turn_id();
  neighbours_.inference.Say("so far");
  stream.Until(6);
  v1::CancelTurnRequest request;
  request.set_turn_id(turn_id);

  EXPECT_EQ(
      GetReason(Call(&v1::ConversationService::StubInterface::CancelTurn, request, kBob).status()),
      "NOT_FOUND");
  const auto cancelled = Call(&v1::ConversationService::StubInterface::CancelTurn, request);
  const auto again = Call(&v1::ConversationService::StubInterface::CancelTurn, request);
  const v1::ChatEvent done = stream.Rest();

  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::TURN_STATE_CANCELLED);
  EXPECT_EQ(cancelled->text(), "so far");
  EXPECT_EQ(cancelled->finish_reason(), "cancelled");
  EXPECT_EQ(again->ShortDebugString(), cancelled->ShortDebugString());
  EXPECT_EQ(done.done().finish_reason(), "cancelled");
  EXPECT_EQ(done.done().message_id(), cancelled->message_id());
  EXPECT_EQ(History("demo")[1].content(), "so far");
  neighbours_.inference.SetScript({.deltas = {"next"}, .open = false, .status = {}});
  EXPECT_TRUE(Chat(Say("Go on")).ok());
}

TEST_P(ConversationServiceTest, AFailureReachesEveryFollowerAndCanBeRetried) {
  const absl::Status failed =
      Error(absl::StatusCode::kUnavailable, inference::v1::ERROR_REASON_PROVIDER_FAILED, "broken");
  neighbours_.inference.SetScript({.deltas = {"par"}, .open = false, .status = failed});

  const auto response = Chat(Say("Hello"));

  EXPECT_EQ(GetReason(response.status()), "PROVIDER_FAILED");
  const std::string turn_id = GetErrorInfo(response.status())->metadata().at("turn_id");
  ChatStream later(*replica_, StreamFrom(turn_id), kAlice);
  later.Rest();
  EXPECT_EQ(later.text(), "par");
  EXPECT_EQ(GetReason(later.status()), "PROVIDER_FAILED");
  EXPECT_EQ(GetErrorInfo(later.status())->metadata().at("turn_id"), turn_id);
  EXPECT_EQ(GetTurn(turn_id)->error_code(), "PROVIDER_FAILED");
  EXPECT_THAT(History("demo"), SizeIs(1));

  neighbours_.inference.SetScript({.deltas = {"now it works"}, .open = false, .status = {}});
  v1::RetryTurnRequest retry;
  retry.set_turn_id(turn_id);
  const auto retried =
      Call(&v1::ConversationService::StubInterface::RetryTurn, retry, kAlice, "r-1");
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(retried->attempt(), 2);
  ChatStream follow(*replica_, StreamFrom(turn_id, turn_id + ":1:3"), kAlice);
  follow.set_text("par");
  EXPECT_EQ(follow.Rest().done().response(), "now it works");
  EXPECT_EQ(follow.text(), "now it works");
  const auto replay =
      Call(&v1::ConversationService::StubInterface::RetryTurn, retry, kAlice, "r-1");
  EXPECT_EQ(replay->ShortDebugString(), retried->ShortDebugString());
  EXPECT_TRUE(replayed_);
  EXPECT_EQ(GetReason(Call(&v1::ConversationService::StubInterface::RetryTurn, retry).status()),
            "TURN_NOT_FAILED");
}

TEST_P(ConversationServiceTest, AMemoryThatCannotBeReadFailsTheTurn) {
  neighbours_.memory.Fail(1);
  EXPECT_TRUE(Chat(Say("one")).ok());  // asked twice

  neighbours_.memory.Fail(2);
  const auto response = Chat(Say("two"));

  EXPECT_EQ(response.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(neighbours_.inference.requests(), SizeIs(1));
  EXPECT_THAT(History("demo"), SizeIs(3));  // the message is kept
}

TEST_P(ConversationServiceTest, ChecksTheRequestBeforeItChangesAnything) {
  EXPECT_EQ(GetBadRequest(Chat(Say("  \n")).status())->field_violations(0).field(), "message");
  EXPECT_EQ(GetBadRequest(Chat(Say(std::string("a\0b", 3))).status())->field_violations(0).field(),
            "message");
  EXPECT_EQ(GetBadRequest(Chat(Say(std::string(8001, 'a'))).status())->field_violations(0).field(),
            "message");
  EXPECT_EQ(GetBadRequest(Chat(Say("a", "no spaces")).status())->field_violations(0).field(),
            "session_id");
  v1::ChatRequest human = Say("a");
  human.set_persona_id("human");
  EXPECT_EQ(GetReason(Chat(human).status()), "NOT_AN_AI_PERSONA");
  human.set_persona_id("nobody");
  EXPECT_EQ(GetReason(Chat(human).status()), "NOT_FOUND");
  EXPECT_THAT(History("demo"), IsEmpty());
  EXPECT_THAT(neighbours_.persona.holds(), IsEmpty());

  ASSERT_TRUE(Chat(Say("a")).ok());
  human.set_persona_id("bob");
  EXPECT_EQ(GetReason(Chat(human).status()), "PERSONA_MISMATCH");
}

DRAMATIS_ON_EVERY_ENGINE(ConversationServiceTest);

}  // namespace
}  // namespace dramatis::conversation
