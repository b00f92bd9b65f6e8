// Rooms over real gRPC, on both engines, with fake neighbours.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/testing/service_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Stub = v1::ConversationService::StubInterface;

class RoomsServiceTest : public ConversationServiceTest {
 protected:
  RoomsServiceTest() {
    neighbours_.persona.Know("alice-1", "alice", persona::v1::PERSONA_TYPE_HUMAN);
    neighbours_.persona.Know("alice-ai", "alice", persona::v1::PERSONA_TYPE_AI_AGENT);
    neighbours_.persona.Know("bob-1", "bob", persona::v1::PERSONA_TYPE_HUMAN);
    neighbours_.persona.Know("bob-who", "bob", persona::v1::PERSONA_TYPE_AI_AMBIGUOUS);
  }

  static v1::CreateConversationRequest Opening(const std::vector<std::string>& persona_ids) {
    v1::CreateConversationRequest request;
    request.set_title("Title");
    request.mutable_settings()->set_max_ai_responders(0);
    for (const std::string& id : persona_ids)
      request.add_persona_ids(id);
    return request;
  }
  std::string Open(const std::vector<std::string>& persona_ids,
                   v1::Visibility visibility = v1::VISIBILITY_PRIVATE) {
    v1::CreateConversationRequest request = Opening(persona_ids);
    request.set_visibility(visibility);
    const auto created = Call(&Stub::CreateConversation, request);
    EXPECT_TRUE(created.ok()) << created.status();
    return created->conversation_id();
  }
  // A request about a room.
  template <class Request>
  static Request For(const std::string& conversation_id) {
    Request request;
    request.set_conversation_id(conversation_id);
    return request;
  }
  template <class Request>
  static Request For(const std::string& conversation_id, const std::string& persona_id) {
    auto request = For<Request>(conversation_id);
    request.set_persona_id(persona_id);
    return request;
  }
  absl::StatusOr<v1::CreateMessageResponse> SayIn(const std::string& conversation_id,
                                                  const std::string& persona_id,
                                                  const std::string& content,
                                                  const std::string& who = kAlice,
                                                  const std::string& key = "") {
    auto request = For<v1::CreateMessageRequest>(conversation_id, persona_id);
    request.set_content(content);
    return Call(&Stub::CreateMessage, request, who, key);
  }
};

TEST_P(RoomsServiceTest, OpensOncePerKeyAndHoldsOnce) {
  const auto request = Opening({"bob-who", "alice-ai", "alice-1"});

  const auto first = Call(&Stub::CreateConversation, request, kAlice, "k");
  const auto second = Call(&Stub::CreateConversation, request, kAlice, "k");

  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(replayed_);
  EXPECT_EQ(second->ShortDebugString(), first->ShortDebugString());
  EXPECT_EQ(first->participants(1).role(), v1::PARTICIPANT_ROLE_INITIATOR);
  EXPECT_THAT(neighbours_.persona.holds(), ElementsAre(first->conversation_id()));
  EXPECT_THAT(neighbours_.persona.held(), SizeIs(3));
}

TEST_P(RoomsServiceTest, HoldsNobodyWhereItCouldNotBeOpened) {
  const auto unknown = Call(&Stub::CreateConversation, Opening({"alice-1", "nobody"}));
  const auto foreign = Call(&Stub::CreateConversation, Opening({"bob-1", "bob-who"}));
  neighbours_.persona.Fail(1);
  const auto away = Call(&Stub::CreateConversation, Opening({"alice-1", "alice-ai"}));

  EXPECT_EQ(GetReason(unknown.status()), "NOT_FOUND");
  EXPECT_EQ(GetReason(foreign.status()), "VALIDATION_FAILED");
  EXPECT_EQ(GetReason(away.status()), "UNAVAILABLE");
  EXPECT_THAT(neighbours_.persona.held(), IsEmpty());
  EXPECT_THAT(Call(&Stub::ListConversations, v1::ListConversationsRequest())->conversations(),
              IsEmpty());
}

TEST_P(RoomsServiceTest, GivesUpHoldsAsPersonasGo) {
  const std::string id = Open({"alice-1", "alice-ai", "bob-1"});
  ASSERT_TRUE(
      Call(&Stub::LeaveConversation, For<v1::LeaveConversationRequest>(id, "bob-1"), kBob).ok());
  EXPECT_THAT(neighbours_.persona.held(), ElementsAre("alice-1 in " + id, "alice-ai in " + id));
  ASSERT_TRUE(
      Call(&Stub::RemoveParticipant, For<v1::RemoveParticipantRequest>(id, "alice-ai")).ok());
  EXPECT_THAT(neighbours_.persona.held(), ElementsAre("alice-1 in " + id));

  ASSERT_TRUE(Call(&Stub::CloseConversation, For<v1::CloseConversationRequest>(id)).ok());

  EXPECT_THAT(neighbours_.persona.held(), IsEmpty());
}

TEST_P(RoomsServiceTest, AJoinThatFailsLeavesNoHold) {
  const std::string id = Open({"alice-1"}, v1::VISIBILITY_PUBLIC);

  const auto foreign =
      Call(&Stub::JoinConversation, For<v1::JoinConversationRequest>(id, "alice-ai"), kBob);
  const auto hidden = Call(&Stub::JoinConversation,
                           For<v1::JoinConversationRequest>(Open({"alice-1"}), "bob-1"), kBob);

  EXPECT_EQ(GetReason(foreign.status()), "PERMISSION_DENIED");
  EXPECT_EQ(GetReason(hidden.status()), "NOT_FOUND");
  for (const std::string& held : neighbours_.persona.held())
    EXPECT_THAT(held, testing::StartsWith("alice-1 in "));
}

TEST_P(RoomsServiceTest, SaysWhichPermissionIsMissing) {
  const std::string id = Open({"alice-1"}, v1::VISIBILITY_PUBLIC);

  const auto refused = Call(&Stub::CloseConversation, For<v1::CloseConversationRequest>(id), kBob);
  const auto paused = Call(&Stub::PauseConversation, For<v1::PauseConversationRequest>(id), kAdmin);
  const auto said = SayIn(id, "alice-1", "Hello");

  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(GetErrorInfo(refused.status())->reason(), "NOT_PERMITTED");
  EXPECT_EQ(GetErrorInfo(refused.status())->domain(), "conversation.dramatis");
  EXPECT_EQ(GetErrorInfo(refused.status())->metadata().at("permission"), "canClose");
  ASSERT_TRUE(paused.ok()) << paused.status();
  EXPECT_EQ(said.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetErrorInfo(said.status())->metadata().at("status"), "paused");
}

TEST_P(RoomsServiceTest, ChangesOnlyWhatIfMatchNames) {
  const std::string id = Open({"alice-1"});
  auto update = For<v1::UpdateConversationRequest>(id);
  update.mutable_conversation()->set_topic("new");
  update.mutable_update_mask()->add_paths("topic");
  const auto remove = For<v1::DeleteConversationRequest>(id);

  const auto stale = Call(&Stub::UpdateConversation, update, kAlice, "", "\"0\"");
  const auto kept = Call(&Stub::DeleteConversation, remove, kAlice, "", "\"0\"");
  const auto changed = Call(&Stub::UpdateConversation, update, kAlice, "", "*");
  const auto removed = Call(&Stub::DeleteConversation, remove, kAlice, "", "*");

  EXPECT_EQ(GetReason(stale.status()), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(kept.status()), "ETAG_MISMATCH");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->topic(), "new");
  EXPECT_TRUE(removed.ok()) << removed.status();
}

TEST_P(RoomsServiceTest, StoresAMessageOncePerKey) {
  const std::string id = Open({"alice-1"});

  const auto first = SayIn(id, "alice-1", "Hello", kAlice, "k");
  const auto second = SayIn(id, "alice-1", "Hello", kAlice, "k");
  const auto other = SayIn(id, "alice-1", "Bye", kAlice, "k");

  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->ShortDebugString(), first->ShortDebugString());
  EXPECT_EQ(GetReason(other.status()), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_EQ(Call(&Stub::ListMessages, For<v1::ListMessagesRequest>(id))->messages_size(), 1);
}

TEST_P(RoomsServiceTest, MasksWhoIsAmbiguousUntilRevealed) {
  const std::string id = Open({"alice-1", "bob-who"});
  ASSERT_TRUE(SayIn(id, "bob-who", "Guess", kBob).ok());
  const auto get = For<v1::GetParticipantRequest>(id, "bob-who");
  EXPECT_EQ(Call(&Stub::GetParticipant, get)->type(), v1::PARTICIPANT_TYPE_UNKNOWN);
  EXPECT_EQ(Call(&Stub::GetParticipant, get, kBob)->type(), v1::PARTICIPANT_TYPE_AI_AMBIGUOUS);
  const auto reveal = For<v1::RevealParticipantRequest>(id, "bob-who");
  EXPECT_EQ(GetReason(Call(&Stub::RevealParticipant, reveal).status()), "PERMISSION_DENIED");

  ASSERT_TRUE(Call(&Stub::RevealParticipant, reveal, kBob).ok());

  EXPECT_EQ(Call(&Stub::GetParticipant, get)->type(), v1::PARTICIPANT_TYPE_AI_AGENT);
  const auto messages = Call(&Stub::ListMessages, For<v1::ListMessagesRequest>(id));
  ASSERT_EQ(messages->messages_size(), 2);
  EXPECT_EQ(messages->messages(1).type(), v1::MESSAGE_TYPE_REVEAL);
}

DRAMATIS_ON_EVERY_ENGINE(RoomsServiceTest);

}  // namespace
}  // namespace dramatis::conversation
