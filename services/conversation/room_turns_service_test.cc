// Turns of rooms over real gRPC, on both engines, with fake neighbours and a second replica.
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/service_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::SizeIs;
using Stub = v1::ConversationService::StubInterface;

constexpr char kCarol[] = "Bearer local:carol";

std::string TurnIn(const absl::Status& error) {
  const auto info = GetErrorInfo(error);
  if (!info.has_value() || !info->metadata().contains("turn_id")) return "";
  return info->metadata().at("turn_id");
}

// A room of alice with an AI of hers that speaks when asked, and bob in it.
class RoomTurnsServiceTest : public ConversationServiceTest {
 protected:
  RoomTurnsServiceTest() {
    neighbours_.persona.Know("alice-1", "alice", persona::v1::PERSONA_TYPE_HUMAN);
    neighbours_.persona.Know("alice-ai", "alice", persona::v1::PERSONA_TYPE_AI_AGENT);
    neighbours_.persona.Know("bob-1", "bob", persona::v1::PERSONA_TYPE_HUMAN);
    v1::CreateConversationRequest request;
    request.set_title("Title");
    request.mutable_settings()->set_max_ai_responders(0);
    for (const char* id : {"alice-1", "alice-ai", "bob-1"})
      request.add_persona_ids(id);
    const auto created = Call(&Stub::CreateConversation, request);
    EXPECT_TRUE(created.ok()) << created.status();
    id_ = created->conversation_id();
  }

  v1::GenerateResponseRequest Ask(const std::string& persona_id = "alice-ai") {
    v1::GenerateResponseRequest request;
    request.set_conversation_id(id_);
    request.set_persona_id(persona_id);
    return request;
  }
  using Answer = absl::StatusOr<v1::GenerateResponseResponse>;
  std::future<Answer> AskLater(const std::string& who = kAlice) {
    return std::async(std::launch::async, [this, who] {
      auto context = TestContext(who);
      v1::GenerateResponseResponse response;
      const grpc::Status status =
          replica_->stub().GenerateResponse(context.get(), Ask(), &response);
      return status.ok() ? Answer(response) : Answer(FromGrpc(status));
    });
  }
  // The turn that has reached the model, and how much it has said.
  std::string AwaitTurn(const std::string& text = "") {
    for (int i = 0; i < 2000; ++i) {
      const auto turn_id = RunningTurn();
      if (!turn_id.empty() && !neighbours_.inference.requests().empty() &&
          GetTurn(turn_id)->text() == text) {
        return turn_id;
      }
      absl::SleepFor(absl::Milliseconds(5));
    }
    ADD_FAILURE() << "no turn runs";
    return "";
  }
  std::string RunningTurn() {
    const auto rows = db().Read([&](sql::Transaction& tx) {
      return tx.ExecuteText("select turn_id from turns where state = 'running'", {});
    });
    return rows.ok() && !rows->empty() ? rows->front().Text(0) : "";
  }
  std::vector<v1::ConversationMessage> Messages() {
    v1::ListMessagesRequest request;
    request.set_conversation_id(id_);
    const auto page = Call(&Stub::ListMessages, request);
    EXPECT_TRUE(page.ok()) << page.status();
    return {page->messages().begin(), page->messages().end()};
  }
  absl::StatusOr<v1::Turn> Cancel(const std::string& turn_id, const std::string& who) {
    v1::CancelTurnRequest request;
    request.set_turn_id(turn_id);
    return Call(&Stub::CancelTurn, request, who);
  }
  void Close() {
    v1::CloseConversationRequest request;
    request.set_conversation_id(id_);
    EXPECT_TRUE(Call(&Stub::CloseConversation, request).ok());
  }

  std::string id_;
};

TEST_P(RoomTurnsServiceTest, AnswersWithTheStoredMessage) {
  const auto answer = Call(&Stub::GenerateResponse, Ask(), kBob);

  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message().content(), "I write programs.");
  EXPECT_EQ(answer->message().turn_id(), answer->turn_id());
  EXPECT_FALSE(answer->message().has_usage());  // bob does not own it
  EXPECT_THAT(Messages(), SizeIs(1));
  const auto request = neighbours_.inference.requests().front();
  EXPECT_EQ(request.user_id(), "bob");  // who asks pays
  EXPECT_EQ(request.turn_key(), answer->turn_id() + ":1");
}

TEST_P(RoomTurnsServiceTest, WhoWaitsIsToldThatTheRoomWasClosed) {
  OpenScript();
  std::future<Answer> answer = AskLater();
  const std::string turn_id = AwaitTurn();

  Close();
  const Answer refused = answer.get();

  EXPECT_EQ(GetReason(refused.status()), "CONVERSATION_CLOSED");
  EXPECT_EQ(TurnIn(refused.status()), turn_id);
  EXPECT_THAT(Messages(), SizeIs(0));
  for (int i = 0; i < 400 && neighbours_.inference.cancelled() == 0; ++i)
    absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(neighbours_.inference.cancelled(), 1);
  EXPECT_EQ(GetTurn(turn_id)->state(), v1::TURN_STATE_CANCELLED);
  EXPECT_EQ(GetTurn(turn_id)->error_code(), "CONVERSATION_CLOSED");
}

TEST_P(RoomTurnsServiceTest, AFailureComesWithItsTurn) {
  neighbours_.inference.SetScript(
      {.deltas = {"so far"}, .open = false, .status = InternalError("broken")});

  const auto answer = Call(&Stub::GenerateResponse, Ask());

  EXPECT_EQ(GetReason(answer.status()), "INTERNAL");
  const std::string turn_id = TurnIn(answer.status());
  EXPECT_EQ(GetTurn(turn_id)->state(), v1::TURN_STATE_FAILED);
  EXPECT_EQ(GetTurn(turn_id)->text(), "so far");
  EXPECT_THAT(Messages(), SizeIs(0));
}

TEST_P(RoomTurnsServiceTest, ATurnIsForWhoeverMayViewTheRoom) {
  const std::string turn_id = Call(&Stub::GenerateResponse, Ask())->turn_id();

  EXPECT_TRUE(GetTurn(turn_id, kAlice)->has_usage());
  EXPECT_FALSE(GetTurn(turn_id, kBob)->has_usage());
  EXPECT_EQ(GetTurn(turn_id, kBob)->conversation_id(), id_);
  EXPECT_EQ(GetReason(GetTurn(turn_id, kCarol).status()), "NOT_FOUND");
  ChatStream followed(*replica_, StreamFrom(turn_id), kBob);
  EXPECT_FALSE(followed.Rest().done().has_usage());
  ChatStream own(*replica_, StreamFrom(turn_id), kAlice);
  EXPECT_TRUE(own.Rest().done().has_usage());
  ChatStream foreign(*replica_, StreamFrom(turn_id), kCarol);
  foreign.Rest();
  EXPECT_EQ(GetReason(foreign.status()), "NOT_FOUND");
}

TEST_P(RoomTurnsServiceTest, StopsWhereAParticipantSaysSo) {
  OpenScript();
  neighbours_.inference.Say("Half");
  std::future<Answer> answer = AskLater();
  const std::string turn_id = AwaitTurn("Half");
  EXPECT_EQ(GetReason(Cancel(turn_id, kCarol).status()), "NOT_FOUND");

  const auto cancelled = Cancel(turn_id, kBob);

  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::TURN_STATE_CANCELLED);
  EXPECT_EQ(answer.get()->message().content(), "Half");
  EXPECT_THAT(Messages(), SizeIs(1));
}

TEST_P(RoomTurnsServiceTest, AParticipantFollowsATurnAtAnotherReplica) {
  if (db().engine() == sql::Engine::kSqlite) return;  // one process has it open
  Replica other(db(), neighbours_);
  OpenScript();
  neighbours_.inference.Say("Half");
  std::future<Answer> answer = AskLater();
  const std::string turn_id = AwaitTurn("Half");

  ChatStream followed(other, StreamFrom(turn_id), kBob);
  followed.Until(4);
  neighbours_.inference.Say(" and more");
  followed.Until(13);
  EXPECT_EQ(followed.text(), "Half and more");  // live: the row is a second behind
  neighbours_.inference.End();

  EXPECT_EQ(followed.Rest().done().response(), "Half and more");
  EXPECT_EQ(answer.get()->message().content(), "Half and more");
}

TEST_P(RoomTurnsServiceTest, AStreamEndsWithTheMessage) {
  auto context = TestContext(kAlice);
  auto reader = replica_->stub().StreamGenerateResponse(context.get(), Ask());
  std::vector<v1::GenerateResponseEvent> events;
  for (v1::GenerateResponseEvent event; reader->Read(&event);)
    events.push_back(event);
  EXPECT_TRUE(reader->Finish().ok());

  ASSERT_GE(events.size(), 3);
  EXPECT_EQ(events.front().start().conversation_id(), id_);
  EXPECT_EQ(events.front().start().persona_id(), "alice-ai");
  EXPECT_EQ(events.back().done().message().content(), "I write programs.");
  EXPECT_EQ(events.back().done().turn_id(), events.front().start().turn_id());
  EXPECT_FALSE(events.back().cursor().empty());
}

TEST_P(RoomTurnsServiceTest, AStreamEndsWithItsError) {
  neighbours_.inference.SetScript(
      {.deltas = {"so far"}, .open = false, .status = InternalError("broken")});
  auto context = TestContext(kAlice);
  auto reader = replica_->stub().StreamGenerateResponse(context.get(), Ask());
  for (v1::GenerateResponseEvent event; reader->Read(&event);)
    EXPECT_FALSE(event.has_done());

  EXPECT_EQ(GetReason(FromGrpc(reader->Finish())), "INTERNAL");
}

DRAMATIS_ON_EVERY_ENGINE(RoomTurnsServiceTest);

}  // namespace
}  // namespace dramatis::conversation
