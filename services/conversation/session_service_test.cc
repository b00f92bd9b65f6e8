// Sessions and history over real gRPC, on both engines, with fake neighbours.
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

using SessionServiceTest = ConversationServiceTest;

TEST_P(SessionServiceTest, ASessionIsItsUsersOwn) {
  ASSERT_TRUE(Chat(Say("mine")).ok());
  const std::string turn_id = neighbours_.inference.requests()[0].turn_key().substr(0, 36);

  EXPECT_THAT(History("demo", kBob), IsEmpty());
  EXPECT_EQ(GetReason(GetTurn(turn_id, kBob).status()), "NOT_FOUND");
  EXPECT_EQ(GetReason(GetTurn("no-such-turn").status()), "NOT_FOUND");
  EXPECT_TRUE(GetTurn(turn_id, kAdmin).ok());
  ChatStream stream(*replica_, StreamFrom(turn_id), kBob);
  stream.Rest();
  EXPECT_EQ(GetReason(stream.status()), "NOT_FOUND");
  ASSERT_TRUE(Chat(Say("also mine"), kBob).ok());  // the same session id, another session
  EXPECT_THAT(History("demo", kBob), SizeIs(2));
  EXPECT_THAT(History("demo"), SizeIs(2));
}

TEST_P(SessionServiceTest, EndsASessionOnceAndKeepsItsHistory) {
  ASSERT_TRUE(Chat(Say("Hello")).ok());
  EXPECT_THAT(neighbours_.persona.holds(), SizeIs(1));
  v1::EndSessionRequest request;
  request.set_session_id("demo");

  const auto ended = Call(&v1::ConversationService::StubInterface::EndSession, request);
  const auto again = Call(&v1::ConversationService::StubInterface::EndSession, request);

  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->status(), v1::SESSION_STATUS_ENDED);
  EXPECT_EQ(ended->message_count(), 2);
  EXPECT_EQ(again->ShortDebugString(), ended->ShortDebugString());
  EXPECT_THAT(neighbours_.persona.holds(), IsEmpty());
  EXPECT_EQ(GetReason(Chat(Say("More")).status()), "SESSION_ENDED");
  EXPECT_THAT(History("demo"), SizeIs(2));
  request.set_session_id("other");
  EXPECT_EQ(GetReason(Call(&v1::ConversationService::StubInterface::EndSession, request).status()),
            "NOT_FOUND");
}

TEST_P(SessionServiceTest, CreatesASessionOncePerKey) {
  v1::CreateSessionRequest request;
  request.set_title("  Plans ");
  request.set_ttl_seconds(60);
  (*request.mutable_metadata()->mutable_fields())["a"].set_string_value("b");

  const auto session =
      Call(&v1::ConversationService::StubInterface::CreateSession, request, kAlice, "s-1");
  const auto again =
      Call(&v1::ConversationService::StubInterface::CreateSession, request, kAlice, "s-1");

  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_TRUE(replayed_);
  EXPECT_EQ(again->ShortDebugString(), session->ShortDebugString());
  EXPECT_EQ(session->title(), "Plans");
  EXPECT_EQ(session->persona_id(), "ada");
  EXPECT_EQ(session->persona_name(), "Ada");
  EXPECT_EQ(session->metadata().fields().at("a").string_value(), "b");
  EXPECT_EQ(session->expires_at().seconds() - session->created_at().seconds(), 60);
  EXPECT_THAT(neighbours_.persona.holds(), SizeIs(1));
  ASSERT_TRUE(Chat(Say("Hello", session->session_id())).ok());
  v1::GetSessionRequest get;
  get.set_session_id(session->session_id());
  EXPECT_EQ(Call(&v1::ConversationService::StubInterface::GetSession, get)->message_count(), 2);
  EXPECT_THAT(neighbours_.inference.requests()[0].parts(1).text(), testing::HasSubstr("Plans"));
}

TEST_P(SessionServiceTest, PagesThroughMessagesBothWays) {
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(Chat(Say("m")).ok());
  for (const char* order : {"asc", "desc"}) {
    v1::GetChatHistoryRequest request;
    request.set_session_id("demo");
    request.set_order(order);
    request.set_page_size(4);
    const auto first = Call(&v1::ConversationService::StubInterface::GetChatHistory, request);
    ASSERT_TRUE(first.ok());
    request.set_page_token(first->next_page_token());
    const auto second = Call(&v1::ConversationService::StubInterface::GetChatHistory, request);
    ASSERT_TRUE(second.ok());
    std::vector<int> sequences;
    for (const auto& m : first->messages())
      sequences.push_back(m.sequence());
    for (const auto& m : second->messages())
      sequences.push_back(m.sequence());
    if (std::string(order) == "desc") std::reverse(sequences.begin(), sequences.end());
    EXPECT_THAT(sequences, ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(second->next_page_token(), IsEmpty());
    request.set_session_id("other");
    EXPECT_EQ(
        GetReason(Call(&v1::ConversationService::StubInterface::GetChatHistory, request).status()),
        "INVALID_CURSOR");
  }
}

TEST_P(SessionServiceTest, ListsAndDeletesSessions) {
  ASSERT_TRUE(Chat(Say("About  the\nweather", "s1")).ok());
  ASSERT_TRUE(Chat(Say("About cheese", "s2")).ok());
  v1::ListHistoryRequest list;
  const auto all = Call(&v1::ConversationService::StubInterface::ListHistory, list);
  list.set_q("WEATHER");
  const auto found = Call(&v1::ConversationService::StubInterface::ListHistory, list);

  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->conversations_size(), 2);
  EXPECT_EQ(all->conversations(0).session_id(), "s2");
  EXPECT_EQ(all->conversations(0).last_message_preview(), "I write programs.");
  EXPECT_EQ(all->conversations(0).message_count(), 2);
  EXPECT_EQ(all->conversations(0).status(), v1::SESSION_STATUS_ACTIVE);
  ASSERT_EQ(found->conversations_size(), 1);
  EXPECT_EQ(found->conversations(0).title(), "About the weather");

  v1::GetHistoryRequest get;
  get.set_session_id("s1");
  EXPECT_EQ(Call(&v1::ConversationService::StubInterface::GetHistory, get)->messages_size(), 2);
  v1::DeleteHistoryRequest del;
  del.set_session_id("s1");
  EXPECT_TRUE(Call(&v1::ConversationService::StubInterface::DeleteHistory, del).ok());
  EXPECT_EQ(GetReason(Call(&v1::ConversationService::StubInterface::GetHistory, get).status()),
            "NOT_FOUND");
  EXPECT_EQ(GetReason(Call(&v1::ConversationService::StubInterface::DeleteHistory, del).status()),
            "NOT_FOUND");
  EXPECT_THAT(History("s1"), IsEmpty());
  EXPECT_THAT(neighbours_.persona.holds(), SizeIs(1));
  ASSERT_TRUE(Chat(Say("Anew", "s1")).ok());
  EXPECT_THAT(History("s1"), SizeIs(2));
}

DRAMATIS_ON_EVERY_ENGINE(SessionServiceTest);

}  // namespace
}  // namespace dramatis::conversation
