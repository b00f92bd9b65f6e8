// Events of rooms over real gRPC, on both engines, at two replicas of one store.
#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/service_fixture.h"

namespace dramatis::conversation {
namespace {

using Stub = v1::ConversationService::StubInterface;

// A stream of events, one by one.
class EventStream {
 public:
  EventStream(Replica& replica,
              const std::string& conversation_id,
              const std::string& who,
              const std::string& cursor = "")
      : context_(TestContext(who)) {
    v1::StreamEventsRequest request;
    request.set_conversation_id(conversation_id);
    request.set_cursor(cursor);
    reader_ = replica.stub().StreamEvents(context_.get(), request);
  }
  ~EventStream() {
    context_->TryCancel();
    if (!ended_) reader_->Finish();
  }
  // The stream is open: what happens from now on is told.
  void AwaitOpen() { reader_->WaitForInitialMetadata(); }
  v1::ConversationEvent Next() {
    v1::ConversationEvent event;
    if (!reader_->Read(&event)) (void)Finish();
    return event;
  }
  absl::Status Finish() {
    v1::ConversationEvent rest;
    while (!ended_ && reader_->Read(&rest)) {
    }
    if (!ended_) status_ = FromGrpc(reader_->Finish());
    ended_ = true;
    return status_;
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::ConversationEvent>> reader_;
  absl::Status status_;
  bool ended_ = false;
};

class RoomEventsServiceTest : public ConversationServiceTest {
 protected:
  RoomEventsServiceTest() {
    neighbours_.persona.Know("alice-1", "alice", persona::v1::PERSONA_TYPE_HUMAN);
    neighbours_.persona.Know("bob-who", "bob", persona::v1::PERSONA_TYPE_AI_AMBIGUOUS);
  }

  std::string Open(v1::Visibility visibility = v1::VISIBILITY_UNLISTED) {
    v1::CreateConversationRequest request;
    request.set_title("Title");
    request.set_visibility(visibility);
    request.add_persona_ids("alice-1");
    const auto created = Call(&Stub::CreateConversation, request);
    EXPECT_TRUE(created.ok()) << created.status();
    return created->conversation_id();
  }
  void SayIn(const std::string& conversation_id, const std::string& content) {
    v1::CreateMessageRequest request;
    request.set_conversation_id(conversation_id);
    request.set_persona_id("alice-1");
    request.set_content(content);
    const auto said = Call(&Stub::CreateMessage, request);
    EXPECT_TRUE(said.ok()) << said.status();
  }
};
DRAMATIS_ON_EVERY_ENGINE(RoomEventsServiceTest);

TEST_P(RoomEventsServiceTest, TellsAtBothReplicasTheSame) {
  const std::string id = Open();
  Replica other(db(), neighbours_);
  EventStream here(*replica_, id, kAlice);
  EventStream there(other, id, kBob);
  here.AwaitOpen();
  there.AwaitOpen();

  for (int i = 0; i < 3; ++i)
    SayIn(id, std::to_string(i));

  for (int i = 0; i < 3; ++i) {
    const v1::ConversationEvent one = here.Next();
    const v1::ConversationEvent two = there.Next();
    EXPECT_EQ(one.message().content(), std::to_string(i));
    EXPECT_EQ(two.cursor(), one.cursor());
    EXPECT_EQ(two.message().message_id(), one.message().message_id());
  }
}

TEST_P(RoomEventsServiceTest, GoesOnAtTheOtherReplica) {
  const std::string id = Open();
  std::string cursor;
  {
    EventStream here(*replica_, id, kAlice);
    here.AwaitOpen();
    SayIn(id, "one");
    SayIn(id, "two");
    cursor = here.Next().cursor();
  }
  Replica other(db(), neighbours_);

  EventStream there(other, id, kAlice, cursor);

  EXPECT_EQ(there.Next().message().content(), "two");
}

TEST_P(RoomEventsServiceTest, RefusesWhoMayNotAndWhatIsNone) {
  const std::string hidden = Open(v1::VISIBILITY_PRIVATE);

  EXPECT_EQ(GetReason(EventStream(*replica_, hidden, kBob).Finish()), "NOT_FOUND");
  EXPECT_EQ(GetReason(EventStream(*replica_, "none", kAlice).Finish()), "NOT_FOUND");
  EXPECT_EQ(GetReason(EventStream(*replica_, hidden, "Bearer x").Finish()), "UNAUTHENTICATED");
  const absl::Status refused = EventStream(*replica_, hidden, kAlice, "event:1").Finish();
  EXPECT_EQ(GetReason(refused), "INVALID_CURSOR");
  EXPECT_EQ(GetBadRequest(refused)->field_violations(0).field(), "cursor");
}

TEST_P(RoomEventsServiceTest, SendsFollowersAwayWhereItDrains) {
  const std::string id = Open();
  EventStream stream(*replica_, id, kAlice);
  stream.AwaitOpen();

  replica_->module().Drain(absl::Now() + absl::Seconds(5));

  EXPECT_EQ(stream.Finish().code(), absl::StatusCode::kUnavailable);
}

TEST_P(RoomEventsServiceTest, NobodyChatsWithTheAmbiguousPersonaOfAnother) {
  v1::ChatRequest request = Say("Who are you?", "s");
  request.set_persona_id("bob-who");
  v1::ChatRequest human = Say("Who are you?", "s");
  human.set_persona_id("alice-1");

  const absl::Status refused = Chat(request, kAlice).status();
  const absl::Status as_human = Chat(human, kAlice).status();

  EXPECT_EQ(GetReason(refused), "NOT_AN_AI_PERSONA");
  EXPECT_EQ(refused.message(), as_human.message());
  EXPECT_TRUE(Chat(request, kBob).ok());
  EXPECT_TRUE(Chat(request, kAdmin).ok());
}

}  // namespace
}  // namespace dramatis::conversation
