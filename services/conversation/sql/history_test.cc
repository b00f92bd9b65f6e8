// What Store promises of messages, lists and ends, on SQLite and PostgreSQL.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/search/search_text.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using HistoryStoreTest = ConversationStoreTest;

auto Containing(const std::string& q) {
  return [q](SessionFilter& filter) { filter.words = SearchedWords(q); };
}
auto Being(SessionStatus status) {
  return [status](SessionFilter& filter) { filter.status = status; };
}
auto Updated(absl::Time from, absl::Time to) {
  return [from, to](SessionFilter& filter) {
    filter.from = from;
    filter.to = to;
  };
}

TEST_P(HistoryStoreTest, ReadsMessagesFromBothEnds) {
  const SessionRow conversation = Conversation("s1");
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(turns_.EndTurn(Done(MustStart(conversation)), nullptr).ok());
  const auto read = [&](bool descending, int beyond, int limit) {
    std::vector<int> sequences;
    const auto rows =
        store_.ListMessages({conversation.conversation_id, descending, beyond, limit});
    for (const MessageRow& m : *rows) {
      sequences.push_back(m.sequence);
    }
    return sequences;
  };

  EXPECT_THAT(read(false, 0, 4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read(false, 4, 4), ElementsAre(5, 6));
  EXPECT_THAT(read(true, 0, 4), ElementsAre(6, 5, 4, 3));
  EXPECT_THAT(read(true, 3, 4), ElementsAre(2, 1));
}

TEST_P(HistoryStoreTest, ListsByUpdateWithFiltersInsideTheQuery) {
  const absl::Time begin = clock_.Now();
  for (const char* session : {"a", "b", "c", "d"}) {
    clock_.Advance(absl::Minutes(1));
    NewTurn turn = Turn(Conversation(session), std::string("Says 100% ") + session);
    turn.title = std::string("Title_") + session;
    ASSERT_TRUE(turns_.EndTurn(Done(*Start(turn)->result.job, "Ende ÄB"), nullptr).ok());
  }
  ASSERT_TRUE(store_.EndSession(Conversation("b").conversation_id, clock_.Now(), NoKey()).ok());
  ASSERT_TRUE(Start(Turn(Conversation("x", "bob"))).ok());

  EXPECT_THAT(Sessions(Any), SizeIs(4));
  EXPECT_THAT(Sessions(Containing("TITL")), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(Sessions(Containing("100%")), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(Sessions(Containing("ende äb")), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(Sessions(Containing("titlexa")), IsEmpty());
  EXPECT_THAT(Sessions([](SessionFilter& filter) {
                filter.words = {"ende"};
                filter.status = SessionStatus::kEnded;
              }),
              ElementsAre("b"));
  EXPECT_THAT(Sessions(Being(SessionStatus::kEnded)), ElementsAre("b"));
  EXPECT_THAT(Sessions(Being(SessionStatus::kActive)), ElementsAre("d", "c", "a"));
  EXPECT_THAT(Sessions(Updated(begin + absl::Minutes(3), begin + absl::Minutes(4))),
              ElementsAre("c"));
  clock_.Advance(absl::Hours(1) - absl::Seconds(30));
  EXPECT_THAT(Sessions(Being(SessionStatus::kExpired)), ElementsAre("c", "a"));
}

TEST_P(HistoryStoreTest, PagesNeitherRepeatNorHide) {
  for (int i = 0; i < 7; ++i) {
    if (i % 3 == 0) clock_.Advance(absl::Seconds(1));  // several of one instant
    MustStart(Conversation("s" + std::to_string(i)));
  }
  std::set<std::string> seen;
  SessionFilter filter;
  filter.user_id = "alice";
  filter.now = clock_.Now();
  filter.limit = 2;
  for (int page = 0; page < 10; ++page) {
    const auto rows = *store_.ListSessions(filter);
    if (rows.empty()) break;
    for (const auto& row : rows)
      EXPECT_TRUE(seen.insert(row.session_id).second) << row.session_id;
    filter.after = {{rows.back().updated_at, rows.back().conversation_id}};
    clock_.Advance(absl::Seconds(1));
    MustStart(Conversation("new" + std::to_string(page)));
  }

  EXPECT_THAT(seen, SizeIs(7));
}

TEST_P(HistoryStoreTest, DeletesEverythingOfAConversation) {
  const SessionRow conversation = Conversation("s1");
  const TurnJob job = MustStart(conversation);
  EXPECT_EQ(GetReason(store_.DeleteSession(conversation.conversation_id).status()),
            "TURN_IN_PROGRESS");
  ASSERT_TRUE(turns_.EndTurn(Done(job), nullptr).ok());

  const auto deleted = store_.DeleteSession(conversation.conversation_id);

  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->persona_id, "ada");
  for (const char* table : {"conversations", "participants", "messages", "turns",
                            "user_conversations", "message_search"}) {
    EXPECT_EQ(Count(table), 0) << table;
  }
  EXPECT_EQ(GetReason(store_.DeleteSession(conversation.conversation_id).status()), "NOT_FOUND");
  EXPECT_EQ(MustStart(conversation).turn.trigger_sequence, 1);
}

TEST_P(HistoryStoreTest, EndsAConversationOnce) {
  const SessionRow conversation = Conversation("s1");
  MustStart(conversation);
  const absl::Time first = clock_.Now();
  const auto end = [&](const std::string& id) {
    return store_.EndSession(id, clock_.Now(), NoKey());
  };
  EXPECT_EQ(end(conversation.conversation_id)->result.ended_at, first);
  clock_.Advance(absl::Minutes(1));

  EXPECT_EQ(end(conversation.conversation_id)->result.ended_at, first);
  EXPECT_TRUE(absl::IsNotFound(end("unknown").status()));
}

DRAMATIS_ON_EVERY_ENGINE(HistoryStoreTest);

}  // namespace
}  // namespace dramatis::conversation
