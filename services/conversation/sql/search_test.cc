// What a search in sessions and rooms finds: the same on SQLite and on PostgreSQL.
#include "services/conversation/sql/search.h"

#include <optional>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/search/search_text.h"
#include "services/conversation/testing/room_store_fixture.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class SessionSearchStoreTest : public ConversationStoreTest {
 protected:
  void Say(const std::string& session, const std::string& message, const std::string& reply) {
    clock_.Advance(absl::Seconds(1));
    NewTurn turn = Turn(Conversation(session), message);
    turn.title = "About " + session;
    ASSERT_TRUE(turns_.EndTurn(Done(*Start(turn)->result.job, reply), nullptr).ok());
  }
  std::vector<SessionSummaryRow> Search(const std::string& q, const std::string& user = "alice") {
    SessionFilter filter;
    filter.most_ranked = most_ranked_;
    filter.status = status_;
    filter.user_id = user;
    filter.words = SearchedWords(q);
    filter.now = clock_.Now();
    const auto found = store_.ListSessions(filter);
    EXPECT_TRUE(found.ok()) << found.status();
    return *found;
  }
  std::vector<std::string> Found(const std::string& q, const std::string& user = "alice") {
    std::vector<std::string> sessions;
    for (const SessionSummaryRow& row : Search(q, user))
      sessions.push_back(row.session_id);
    return sessions;
  }

  int most_ranked_ = kMostRanked;
  std::optional<SessionStatus> status_;
};

TEST_P(SessionSearchStoreTest, FindsWordsOfEveryMessage) {
  Say("a", "My cat is called Byron.", "A good name.");
  Say("a", "He sleeps.", "All day?");
  Say("b", "Which tea?", "Oolong, from Fujian.");

  EXPECT_THAT(Found("byron"), ElementsAre("a"));
  EXPECT_THAT(Found("OOLONG fujian"), ElementsAre("b"));
  EXPECT_THAT(Found("byron oolong"), IsEmpty());
  EXPECT_THAT(Found("sleep"), IsEmpty());
  const std::vector<SessionSummaryRow> found = Search("byron");
  ASSERT_THAT(found[0].found.places, SizeIs(1));
  EXPECT_EQ(found[0].found.places[0].sequence, 1);
  EXPECT_EQ(found[0].found.places[0].content, "My cat is called Byron.");
}

TEST_P(SessionSearchStoreTest, FoldsAsMemoriesAreFolded) {
  Say("a", "Hon träffade Åsa på ett CAFÉ i Москве.", "猫が好きです。コーヒーも。");

  for (const char* q : {"cafe", "ＣＡＦÉ", "åsa", "asa", "москве", "猫", "猫が", "好き", "コーヒー",
                        "ｺｰﾋｰ", "ー"}) {
    EXPECT_THAT(Found(q), ElementsAre("a")) << q;
  }
  EXPECT_THAT(Found("犬"), IsEmpty());
}

TEST_P(SessionSearchStoreTest, FindsTitlesByTheBeginningsOfTheirWords) {
  Say("gardens", "x", "y");

  for (const char* q : {"ga", "gard", "about gardens", "abo GARDEN"})
    EXPECT_THAT(Found(q), ElementsAre("gardens")) << q;
  EXPECT_THAT(Found("dens"), IsEmpty());
  EXPECT_EQ(Search("gard")[0].found.places[0].sequence, 0);
}

TEST_P(SessionSearchStoreTest, PutsTheBestFirst) {
  Say("long", "tea " + std::string(2000, 'x') + " and a b c d e f g h i j k l m n o p", "no");
  Say("short", "Tea?", "no");
  Say("tea", "x", "y");
  Say("often", "Tea?", "Tea!");

  EXPECT_THAT(Found("tea"), ElementsAre("tea", "often", "short", "long"));
}

TEST_P(SessionSearchStoreTest, FindsNothingOfOtherUsers) {
  Say("a", "secret", "y");
  // Words that would stand for alice.
  MustStart(Conversation("m", "mallory"), ReaderOfSessions("alice") + " secret");

  EXPECT_THAT(Found("secret"), ElementsAre("a"));
  EXPECT_THAT(Found("secret", "mallory"), ElementsAre("m"));
  EXPECT_THAT(Found("secret", "bob"), IsEmpty());
}

TEST_P(SessionSearchStoreTest, TakesQuerySyntaxForText) {
  Say("a", R"(a "quoted" tea & 'milk' | !sugar* owner:u61 <-> (x) \ %_)", "y");

  for (const char* q : {"\"tea\"", "'milk'", "tea AND milk", "sugar*", "owner:u61", "tea <-> milk",
                        "(x)", "NOT tea", "NEAR(tea milk)"}) {
    EXPECT_TRUE(store_
                    .ListSessions([&] {
                      SessionFilter filter;
                      filter.user_id = "alice";
                      filter.words = SearchedWords(q);
                      filter.now = clock_.Now();
                      return filter;
                    }())
                    .ok())
        << q;
  }
  EXPECT_THAT(Found("\"quoted\" tea!"), ElementsAre("a"));
}

TEST_P(SessionSearchStoreTest, PagesThroughEverything) {
  for (int i = 0; i < 25; ++i)
    Say("s" + std::to_string(i), "tea", "y");
  std::set<std::string> seen;
  SessionFilter filter;
  filter.user_id = "alice";
  filter.words = {"tea"};
  filter.now = clock_.Now();
  filter.limit = 4;
  for (int page = 0; page < 10; ++page) {
    const auto rows = *store_.ListSessions(filter);
    if (rows.empty()) break;
    for (const auto& row : rows)
      EXPECT_TRUE(seen.insert(row.session_id).second) << row.session_id;
    filter.after_found = {.score = rows.back().found.score,
                          .latest = rows.back().found.latest,
                          .conversation_id = rows.back().conversation_id};
  }

  EXPECT_THAT(seen, SizeIs(25));
}

TEST_P(SessionSearchStoreTest, RanksTheNewestMessagesWhereTooManyAreFound) {
  Say("tea", "x", "y");
  for (const char* session : {"a", "b", "c", "d"})
    Say(session, "Tea?", "no");

  most_ranked_ = 2;
  EXPECT_THAT(Found("tea"), ElementsAre("tea", "d", "c"));
  EXPECT_THAT(Found("about"), SizeIs(5));  // titles
  status_ = SessionStatus::kActive;
  EXPECT_THAT(Found("tea"), ElementsAre("tea", "d", "c", "b", "a"));
}

// A title that was written before titles were told apart.
TEST_P(SessionSearchStoreTest, FindsTitlesOfBefore) {
  Say("gardens", "x", "y");
  ASSERT_TRUE(db().Write([](sql::Transaction& tx) {
                    return tx
                        .ExecuteText("update message_search set readers = $1 where sequence = 0",
                                     {ReaderOfSessions("alice")})
                        .status();
                  })
                  .ok());

  EXPECT_THAT(Found("gard"), ElementsAre("gardens"));
}

TEST_P(SessionSearchStoreTest, FindsNothingThatWasDeleted) {
  Say("a", "byron", "y");
  Say("b", "byron", "y");
  EXPECT_FALSE(*IndexBatch(db()));
  Say("b", "byron", "y");
  for (const char* const session : {"a", "b"})
    ASSERT_TRUE(store_.DeleteSession(Conversation(session).conversation_id).ok());

  EXPECT_THAT(Found("byron"), IsEmpty());
  EXPECT_EQ(Count("message_search"), 0);
  EXPECT_EQ(Count("unindexed_messages"), 0);
}

TEST_P(SessionSearchStoreTest, IndexesWhatWasStoredBefore) {
  Say("a", "byron", "oolong");
  Say("b", "byron", "y");
  EXPECT_THAT(Found("byron"), UnorderedElementsAre("a", "b"));
  ASSERT_TRUE(db().Write([](sql::Transaction& tx) {
                    return tx.ExecuteText("delete from message_search", {}).status();
                  })
                  .ok());
  EXPECT_THAT(Found("byron"), IsEmpty());

  for (const sql::Backfill& backfill : SearchBackfills())
    ASSERT_TRUE(sql::RunBackfill(db(), backfill).ok());

  EXPECT_THAT(Found("byron"), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(Found("oolong"), ElementsAre("a"));
  EXPECT_THAT(Found("about"), UnorderedElementsAre("a", "b"));
}

DRAMATIS_ON_EVERY_ENGINE(SessionSearchStoreTest);

class RoomSearchStoreTest : public RoomStoreTest {
 protected:
  Room Open(const std::string& title, const std::string& user, RoomVisibility visibility) {
    Room room = NewRoom();
    room.row.title = title;
    room.row.user_id = user;
    room.row.persona_id = user + "'s";
    room.row.visibility = visibility;
    room.participants = {TestParticipant(room.row.persona_id, user, Role::kInitiator)};
    return Create(room);
  }
  std::vector<std::string> Found(const std::string& q,
                                 const std::string& user = "olga",
                                 bool admin = false) {
    RoomFilter filter;
    filter.most_ranked = most_ranked_;
    filter.visibility = visibility_;
    filter.user_id = user;
    filter.admin = admin;
    filter.words = SearchedWords(q);
    filter.now = clock_.Now();
    const auto found = store_.SearchRooms(filter);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::string> titles;
    for (const FoundRoom& one : *found)
      titles.push_back(one.room.row.title);
    return titles;
  }
  // As many messages of the room are found by the words.
  void Fill(const Room& room, int first_sequence, int count, const std::string& words) {
    const std::string reader = ReaderOfRoom(room.row.conversation_id);
    const absl::Status status = db().Write([&](sql::Transaction& tx) {
      return tx
          .ExecuteText(
              "with recursive n(i) as ("
              "  select 0 union all select i + 1 from n where i + 1 < cast($3 as bigint))"
              " insert into message_search"
              "   (conversation_id, sequence, created_at, readers, words, size)"
              " select $1, cast($2 as bigint) + i, 1, $4, $5, 1 from n",
              {room.row.conversation_id, first_sequence, count, reader + " @rooms @public", words})
          .status();
    });
    ASSERT_TRUE(status.ok()) << status;
  }

  int most_ranked_ = kMostRanked;
  std::optional<RoomVisibility> visibility_;
};

TEST_P(RoomSearchStoreTest, FindsWhatTheCallerMayRead) {
  for (const auto& [title, user, visibility] :
       {std::tuple("own", "olga", RoomVisibility::kPrivate),
        std::tuple("hidden", "gina", RoomVisibility::kPrivate),
        std::tuple("unlisted", "gina", RoomVisibility::kUnlisted),
        std::tuple("public", "gina", RoomVisibility::kPublic)}) {
    Say(Open(title, user, visibility), "Oolong tea");
  }

  EXPECT_THAT(Found("oolong"), UnorderedElementsAre("own", "public"));
  EXPECT_THAT(Found("oolong", "gina"), UnorderedElementsAre("hidden", "unlisted", "public"));
  EXPECT_THAT(Found("oolong", "sven"), ElementsAre("public"));
  EXPECT_THAT(Found("oolong", "root", true), SizeIs(4));
  EXPECT_THAT(Found("publ tea", "sven"), IsEmpty());  // not in one place
}

TEST_P(RoomSearchStoreTest, FindsTheTextThatStands) {
  // Whether a text was changed before or after it came into the index.
  for (const bool indexed : {false, true}) {
    const Room room = Open(indexed ? "late" : "early", "olga", RoomVisibility::kPrivate);
    const MessageRow edited = Say(room, "Oolong").message;
    const MessageRow hidden = Say(room, "Sencha").message;
    if (indexed) {
      EXPECT_FALSE(*IndexBatch(db()));
    }
    ASSERT_TRUE(store_.ChangeRoomMessage(Change(room, edited, "Matcha")).ok());
    ASSERT_TRUE(store_.ChangeRoomMessage(Change(room, hidden, std::nullopt)).ok());
  }

  EXPECT_THAT(Found("oolong"), IsEmpty());
  EXPECT_THAT(Found("sencha"), IsEmpty());
  EXPECT_THAT(Found("matcha"), UnorderedElementsAre("early", "late"));
  EXPECT_EQ(Count("unindexed_messages"), 0);
}

TEST_P(RoomSearchStoreTest, IndexesForThoseWhoMayReadItNow) {
  const Room room = Open("own", "gina", RoomVisibility::kPublic);
  Say(room, "Oolong");
  const auto closed = store_.ChangeRoom(
      room.row.conversation_id, clock_.Now(),
      [](Room& now) {
        now.row.visibility = RoomVisibility::kPrivate;
        return absl::OkStatus();
      },
      Once());
  ASSERT_TRUE(closed.ok()) << closed.status();

  EXPECT_THAT(Found("oolong"), IsEmpty());
  EXPECT_THAT(Found("oolong", "gina"), ElementsAre("own"));
}

TEST_P(RoomSearchStoreTest, IndexesInBatches) {
  constexpr int kMessages = 100;
  const Room room = Open("own", "olga", RoomVisibility::kPrivate);
  for (int i = 0; i < kMessages; ++i)
    Say(room, absl::StrCat("number", i));
  EXPECT_EQ(Count("unindexed_messages"), kMessages);

  EXPECT_TRUE(*IndexBatch(db()));
  EXPECT_FALSE(*IndexBatch(db()));

  EXPECT_EQ(Count("unindexed_messages"), 0);
  EXPECT_THAT(Found("number0"), ElementsAre("own"));
  EXPECT_THAT(Found("number99"), ElementsAre("own"));
}

// Two processes index beside one another, and beside whoever writes.
TEST_P(RoomSearchStoreTest, IndexesEachMessageOnceWhoeverDoesIt) {
  constexpr int kMessages = 120;
  const Room room = Open("own", "olga", RoomVisibility::kPrivate);
  absl::Notification said;
  std::vector<std::thread> indexers;
  for (int i = 0; i < 2; ++i) {
    indexers.emplace_back([&] {
      while (!said.HasBeenNotified())
        EXPECT_TRUE(IndexBatch(db()).ok());
    });
  }
  for (int i = 0; i < kMessages; ++i)
    Say(room, absl::StrCat("tea", i));
  said.Notify();
  for (std::thread& indexer : indexers)
    indexer.join();

  EXPECT_THAT(Found("tea0"), ElementsAre("own"));
  EXPECT_THAT(Found("tea119"), ElementsAre("own"));
  EXPECT_EQ(Count("unindexed_messages"), 0);
  EXPECT_EQ(Count("message_search"), kMessages + 1);  // and the title
}

TEST_P(RoomSearchStoreTest, FollowsVisibilityAndTitle) {
  const Room room = Open("old", "gina", RoomVisibility::kPrivate);
  Say(room, "Oolong");
  const auto become = [&](RoomVisibility visibility) {
    const auto changed = store_.ChangeRoom(
        room.row.conversation_id, clock_.Now(),
        [&](Room& now) {
          now.row.visibility = visibility;
          now.row.title = "new";
          return absl::OkStatus();
        },
        Once());
    ASSERT_TRUE(changed.ok()) << changed.status();
  };

  become(RoomVisibility::kPublic);
  EXPECT_THAT(Found("oolong"), ElementsAre("new"));
  EXPECT_THAT(Found("new"), ElementsAre("new"));
  EXPECT_THAT(Found("old"), IsEmpty());
  become(RoomVisibility::kPrivate);
  EXPECT_THAT(Found("oolong"), IsEmpty());
}

TEST_P(RoomSearchStoreTest, FindsNothingThatWasSaidAfterOneWasSentOut) {
  const Room room = Open("own", "gina", RoomVisibility::kPublic);
  const auto change = [&](const std::function<void(Room&)>& how) {
    const auto changed = store_.ChangeRoom(
        room.row.conversation_id, clock_.Now(),
        [&](Room& now) {
          how(now);
          return absl::OkStatus();
        },
        Once());
    ASSERT_TRUE(changed.ok()) << changed.status();
  };
  change([](Room& now) { Add(now, TestParticipant("o", "olga")); });
  Say(room, "Oolong");
  const MessageRow edited = Say(room, "Sencha").message;
  clock_.Advance(absl::Seconds(1));
  change([&](Room& now) {
    now.participants.back().left_at = clock_.Now();
    now.participants.back().removed_sequence = 2;
    now.participants.back().removed_event = 4;
  });
  clock_.Advance(absl::Seconds(1));
  Say(room, "Matcha");
  ASSERT_TRUE(store_.ChangeRoomMessage(Change(room, edited, "Genmaicha")).ok());

  EXPECT_THAT(Found("oolong"), ElementsAre("own"));
  EXPECT_THAT(Found("matcha"), IsEmpty());
  EXPECT_THAT(Found("genmaicha"), IsEmpty());
  EXPECT_THAT(Found("matcha", "gina"), ElementsAre("own"));
  EXPECT_THAT(Found("matcha", "olga", true), ElementsAre("own"));
}

TEST_P(RoomSearchStoreTest, RanksTheNewestMessagesOfOwnAndOfPublicRooms) {
  Open("tea", "gina", RoomVisibility::kPublic);
  for (const char* title : {"a", "b", "c"}) {
    clock_.Advance(absl::Seconds(1));
    Say(Open(title, "gina", RoomVisibility::kPublic), "Tea");
    clock_.Advance(absl::Seconds(1));
    Say(Open(std::string("own ") + title, "olga", RoomVisibility::kPrivate), "Tea");
  }
  // Of one's own and public: found once.
  clock_.Advance(absl::Seconds(1));
  Say(Open("both", "olga", RoomVisibility::kPublic), "Tea");

  EXPECT_THAT(Found("tea"), SizeIs(8));
  most_ranked_ = 2;
  EXPECT_THAT(Found("tea"), UnorderedElementsAre("tea", "both", "c", "own c", "own b"));
  EXPECT_THAT(Found("tea", "sven"), UnorderedElementsAre("tea", "both", "c"));
  EXPECT_THAT(Found("tea", "root", true), UnorderedElementsAre("tea", "both", "own c"));
  visibility_ = RoomVisibility::kPublic;
  EXPECT_THAT(Found("tea"), UnorderedElementsAre("tea", "both", "a", "b", "c"));
}

// More rows than PostgreSQL looks through at once.
TEST_P(RoomSearchStoreTest, LooksFurtherBackWhereTheNewestRowsHaveTooLittle) {
  const Room first = Open("first", "gina", RoomVisibility::kPublic);
  const Room middle = Open("middle", "gina", RoomVisibility::kPublic);
  const Room last = Open("last", "gina", RoomVisibility::kPublic);
  Fill(first, 1, 5, "tea oolong");
  Fill(middle, 1, 20000, "water");
  Fill(middle, 20001, 5, "tea");
  Fill(middle, 20006, 20000, "water");
  Fill(last, 1, 5, "tea");

  most_ranked_ = 5;
  EXPECT_THAT(Found("tea"), ElementsAre("last"));
  EXPECT_THAT(Found("oolong"), ElementsAre("first"));
  EXPECT_THAT(Found("water"), ElementsAre("middle"));
  most_ranked_ = 6;
  EXPECT_THAT(Found("tea"), UnorderedElementsAre("last", "middle"));
  most_ranked_ = 11;
  EXPECT_THAT(Found("tea"), UnorderedElementsAre("last", "middle", "first"));
}

TEST_P(RoomSearchStoreTest, FindsNothingInADeletedRoom) {
  const Room room = Open("own", "olga", RoomVisibility::kPrivate);
  Say(room, "Oolong");
  ASSERT_TRUE(store_.DeleteRoom(room.row.conversation_id, clock_.Now(), Allow).ok());

  EXPECT_THAT(Found("oolong", "root", true), IsEmpty());
  for (const sql::Backfill& backfill : SearchBackfills())
    ASSERT_TRUE(sql::RunBackfill(db(), backfill).ok());
  EXPECT_THAT(Found("oolong", "root", true), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(RoomSearchStoreTest);

}  // namespace
}  // namespace dramatis::conversation
