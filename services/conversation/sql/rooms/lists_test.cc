// Which rooms a list shows, and in which pages, on every engine.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/model/room_closing.h"
#include "services/conversation/search/search_text.h"
#include "services/conversation/testing/room_store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RoomListStoreTest : public RoomStoreTest {
 protected:
  // A room of this user and persona alone.
  Room Open(
      const std::string& title,
      const std::string& user,
      RoomVisibility visibility = RoomVisibility::kPrivate,
      const std::function<void(Room&)>& change = [](Room&) {}) {
    Room room = NewRoom();
    room.row.title = title;
    room.row.user_id = user;
    room.row.persona_id = user + "'s";
    room.row.visibility = visibility;
    room.participants = {TestParticipant(room.row.persona_id, user, Role::kInitiator)};
    change(room);
    return Create(room);
  }
  // The titles of what olga finds.
  std::vector<std::string> Searched(const std::string& q) {
    RoomFilter filter;
    filter.user_id = "olga";
    filter.words = SearchedWords(q);
    filter.now = clock_.Now();
    std::vector<std::string> titles;
    const auto found = store_.SearchRooms(filter);
    EXPECT_TRUE(found.ok()) << found.status();
    for (const FoundRoom& one : *found)
      titles.push_back(one.room.row.title);
    return titles;
  }
};

TEST_P(RoomListStoreTest, ShowsOwnAndPublicOnesNewestFirst) {
  Open("own", "olga");
  Open("hidden", "gina");
  Open("unlisted", "gina", RoomVisibility::kUnlisted);
  Open("public", "gina", RoomVisibility::kPublic);
  Open("own public", "olga", RoomVisibility::kPublic);
  Open("guest", "gina", RoomVisibility::kPrivate,
       [](Room& room) { Add(room, TestParticipant("o", "olga")); });
  Open("used", "gina", RoomVisibility::kPrivate, [](Room& room) {
    Add(room, TestParticipant("ai", "olga", Role::kGuest, PersonaKind::kAgent));
    room.participants.back().brought_by = "gina";
  });

  EXPECT_THAT(Listed([](RoomFilter&) {}), ElementsAre("guest", "own public", "public", "own"));
  EXPECT_THAT(Listed([](RoomFilter& filter) { filter.user_id = "sven"; }),
              ElementsAre("own public", "public"));
  EXPECT_THAT(Listed([](RoomFilter& filter) { filter.admin = true; }),
              ElementsAre("used", "guest", "own public", "public", "unlisted", "hidden", "own"));
}

TEST_P(RoomListStoreTest, WhoLeftStillFindsIt) {
  Open("left", "gina", RoomVisibility::kPrivate, [](Room& room) {
    Add(room, TestParticipant("o", "olga"));
    room.participants.back().left_at = room.row.created_at;
  });

  EXPECT_THAT(Listed([](RoomFilter&) {}), ElementsAre("left"));
  EXPECT_THAT(Listed([](RoomFilter& filter) { filter.persona_id = "o"; }), IsEmpty());
}

TEST_P(RoomListStoreTest, FiltersByWhatIsAsked) {
  Open("Art 100%", "olga", RoomVisibility::kPrivate, [](Room& room) {
    room.row.topic_tags = {"Art", "new music"};
    room.row.status = RoomStatus::kPaused;
  });
  Open("two", "olga", RoomVisibility::kPublic, [](Room& room) {
    room.row.topic = "ARTS";
    room.row.topic_tags = {"music"};
  });
  Open("three", "gina", RoomVisibility::kPublic, [](Room& room) {
    room.row.description = "about art";
    room.row.status = RoomStatus::kTerminated;
  });

  EXPECT_THAT(Searched("aRT"), ElementsAre("three", "two", "Art 100%"));
  EXPECT_THAT(Searched("100%"), ElementsAre("Art 100%"));
  EXPECT_THAT(Listed([](RoomFilter& f) { f.topic_tag = "MUSIC"; }), ElementsAre("two"));
  EXPECT_THAT(Listed([](RoomFilter& f) { f.topic_tag = "art"; }), ElementsAre("Art 100%"));
  EXPECT_THAT(Listed([](RoomFilter& f) { f.status = RoomStatus::kPaused; }),
              ElementsAre("Art 100%"));
  EXPECT_THAT(Listed([](RoomFilter& f) { f.status = RoomStatus::kTerminated; }),
              ElementsAre("three"));
  EXPECT_THAT(Listed([](RoomFilter& f) { f.visibility = RoomVisibility::kPublic; }),
              ElementsAre("three", "two"));
  EXPECT_THAT(Listed([](RoomFilter& f) { f.persona_id = "gina's"; }), ElementsAre("three"));
  EXPECT_THAT(Listed([](RoomFilter& f) { f.persona_id = "olga's"; }),
              ElementsAre("two", "Art 100%"));
  EXPECT_THAT(Listed([](RoomFilter& f) {
                f.persona_id = "olga's";
                f.user_id = "sven";
              }),
              ElementsAre("two"));
}

TEST_P(RoomListStoreTest, CountsWhatIsOverdueAsCompleted) {
  Open("overdue", "olga", RoomVisibility::kPrivate, [&](Room& room) {
    room.row.constraints.set_max_duration_minutes(1);
    SetClosesAt(room.row);
  });
  const auto with = [&](RoomStatus status, absl::Duration later) {
    return Listed([&](RoomFilter& filter) {
      filter.status = status;
      filter.now += later;
    });
  };

  EXPECT_THAT(with(RoomStatus::kActive, absl::Seconds(59)), ElementsAre("overdue"));
  EXPECT_THAT(with(RoomStatus::kCompleted, absl::Seconds(59)), IsEmpty());
  EXPECT_THAT(with(RoomStatus::kActive, absl::Seconds(60)), IsEmpty());
  EXPECT_THAT(with(RoomStatus::kCompleted, absl::Seconds(60)), ElementsAre("overdue"));
}

TEST_P(RoomListStoreTest, PagesNeitherRepeatNorSkip) {
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const std::string title = std::to_string(i);
    expected.insert(expected.begin(), title);
    Open(title, i % 2 == 0 ? "olga" : "gina", RoomVisibility::kPublic);
  }
  std::vector<std::string> found;
  std::string before;
  while (true) {
    RoomFilter filter;
    filter.user_id = "olga";
    filter.now = clock_.Now();
    filter.limit = 2;
    filter.before = before;
    const std::vector<Room> page = *store_.ListRooms(filter);
    if (page.empty()) break;
    for (const Room& room : page)
      found.push_back(room.row.title);
    before = page.back().row.conversation_id;
    Open("added meanwhile", "olga");
  }

  EXPECT_EQ(found, expected);
}

DRAMATIS_ON_EVERY_ENGINE(RoomListStoreTest);

}  // namespace
}  // namespace dramatis::conversation
