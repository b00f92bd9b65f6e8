// The sample data, on every engine.
#include "services/conversation/sql/sample.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/events/feed.h"
#include "services/conversation/model/permissions.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/sql/rooms/rooms.h"
#include "services/conversation/testing/store_fixture.h"

namespace dramatis::conversation {
namespace {

using sql::SampleState;
using testing::ElementsAre;
using testing::Pair;

class NoFeed : public RoomFeed {
 public:
  void Changed(const std::string&) override {}
};

class SampleStoreTest : public ConversationStoreTest {
 protected:
  SampleState State() {
    return db().Read([](sql::Transaction& tx) { return Sample().state(tx); }).value();
  }
  absl::StatusOr<std::map<std::string, int>> Write() {
    return db().Write([&](sql::Transaction& tx) { return Sample().write(tx, clock_.Now()); });
  }
  std::vector<Room> ListedFor(const std::string& user) {
    RoomFilter filter;
    filter.user_id = user;
    filter.now = clock_.Now();
    return rooms_.ListRooms(filter).value();
  }
  std::vector<std::string> Titles(const std::string& user) {
    std::vector<std::string> titles;
    const std::vector<Room> rooms = ListedFor(user);
    for (const Room& room : rooms)
      titles.push_back(room.row.title);
    return titles;
  }

  NoFeed feed_;
  SqlRoomStore rooms_{db(), feed_};
};

TEST_P(SampleStoreTest, IsForStoresWithoutConversations) {
  EXPECT_EQ(State(), SampleState::kEmpty);
  ASSERT_TRUE(Start(Turn(Conversation("mine"))).ok());
  EXPECT_EQ(State(), SampleState::kOccupied);
}

TEST_P(SampleStoreTest, WritesThreeRooms) {
  const absl::StatusOr<std::map<std::string, int>> written = Write();
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_THAT(*written, ElementsAre(Pair("conversations", 3), Pair("messages", 21)));
  EXPECT_EQ(State(), SampleState::kSeeded);
}

TEST_P(SampleStoreTest, ShowsTheRoomsToThoseWhoTakePart) {
  ASSERT_TRUE(Write().ok());
  EXPECT_THAT(Titles("mara"),
              ElementsAre("Night watch on channel 16", "Opening weekend", "What the keeper saw"));
  EXPECT_THAT(Titles("stranger"), ElementsAre("What the keeper saw"));
}

TEST_P(SampleStoreTest, NumbersTheMessagesAndClosesWhatIsOver) {
  ASSERT_TRUE(Write().ok());
  const std::vector<Room> rooms = ListedFor("mara");
  for (const Room& room : rooms) {
    MessageRange range;
    range.conversation_id = room.row.conversation_id;
    range.limit = 100;
    int sequence = 0;
    const std::vector<MessageRow> messages = rooms_.ListRoomMessages(range).value();
    for (const MessageRow& message : messages) {
      EXPECT_EQ(message.sequence, ++sequence);
      EXPECT_NE(FindParticipant(room, message.persona_id), nullptr);
    }
    EXPECT_EQ(room.row.last_sequence, sequence);
    EXPECT_EQ(room.row.closed(), room.row.title == "What the keeper saw");
  }
}

TEST_P(SampleStoreTest, KeepsTheVoiceASecret) {
  ASSERT_TRUE(Write().ok());
  const Room room = ListedFor("mara").at(0);
  const Identity mara = {.user_id = "mara"};
  for (const ParticipantRow& participant : room.participants) {
    EXPECT_EQ(ToParticipant(room, participant, mara).type(), participant.user_id == "mara"
                                                                 ? v1::PARTICIPANT_TYPE_HUMAN
                                                                 : v1::PARTICIPANT_TYPE_UNKNOWN);
  }
}

DRAMATIS_ON_EVERY_ENGINE(SampleStoreTest);

}  // namespace
}  // namespace dramatis::conversation
