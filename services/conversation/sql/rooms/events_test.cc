// What followers of a room read of it, on both engines.
#include "services/conversation/sql/rooms/events.h"

#include <thread>

#include "gmock/gmock.h"
#include "services/conversation/events/event_cursor.h"
#include "services/conversation/model/turn_error.h"
#include "services/conversation/testing/room_store_fixture.h"

namespace dramatis::conversation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class RoomEventStoreTest : public RoomStoreTest {
 protected:
  RoomSnapshot Read(const Room& room, int64_t after = 0, int limit = 1000) {
    auto snapshot = events_.ReadEvents(room.row.conversation_id, after, limit);
    EXPECT_TRUE(snapshot.ok() && snapshot->has_value()) << snapshot.status();
    return **std::move(snapshot);
  }
  static std::vector<std::string> Contents(const RoomSnapshot& snapshot) {
    std::vector<std::string> contents;
    for (const RoomEvent& event : snapshot.events)
      contents.push_back(event.message == nullptr ? event.row.subject : event.message->content);
    return contents;
  }
  absl::Status SetTurns(const Room& room, const std::string& state, const std::string& error = "") {
    return db().Write([&](sql::Transaction& tx) {
      return tx
          .ExecuteText("update turns set state = $2, error = $3 where conversation_id = $1",
                       {room.row.conversation_id, state, sql::Bytes{error}})
          .status();
    });
  }

  SqlRoomEventStore events_{db()};
};
DRAMATIS_ON_EVERY_ENGINE(RoomEventStoreTest);

TEST_P(RoomEventStoreTest, ReadsEventsInOrderFromAnyNumber) {
  const Room room = Create(NewRoom());
  for (int i = 1; i <= 10; ++i)
    Say(room, absl::StrCat(i));

  EXPECT_THAT(Contents(Read(room, 0, 3)), ElementsAre("1", "2", "3"));
  EXPECT_THAT(Contents(Read(room, 3, 3)), ElementsAre("4", "5", "6"));
  EXPECT_THAT(Contents(Read(room, 9)), ElementsAre("10"));
  EXPECT_THAT(Contents(Read(room, 10)), IsEmpty());
  EXPECT_EQ(Read(room).room.row.last_event, 10);
  EXPECT_EQ(Read(room).events[3].row.sequence, 4);
}

TEST_P(RoomEventStoreTest, ReadsMessagesAsTheyAreNow) {
  const Room room = Create(NewRoom());
  const MessageRow first = Say(room, "first").message;
  Say(room, "second");
  const MessageRow third = Say(room, "third").message;
  ASSERT_TRUE(store_.ChangeRoomMessage(Change(room, first, "better")).ok());
  ASSERT_TRUE(store_.ChangeRoomMessage(Change(room, third, std::nullopt)).ok());

  const RoomSnapshot snapshot = Read(room);

  ASSERT_THAT(snapshot.events, SizeIs(5));
  EXPECT_EQ(snapshot.events[0].message->content, "better");
  EXPECT_EQ(snapshot.events[3].message->message_id, first.message_id);
  EXPECT_TRUE(snapshot.events[2].message->hidden);
  EXPECT_TRUE(snapshot.events[4].message->hidden);
}

TEST_P(RoomEventStoreTest, FindsNoRoomThatIsGoneOrASession) {
  const Room room = Create(NewRoom());
  ASSERT_TRUE(store_.DeleteRoom(room.row.conversation_id, clock_.Now(), Allow).ok());

  for (const std::string& id : {room.row.conversation_id, std::string("never")}) {
    const auto snapshot = events_.ReadEvents(id, 0, 10);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    EXPECT_FALSE(snapshot->has_value());
    EXPECT_EQ(events_.EventKey(id, NewEventKey()).status().code(), absl::StatusCode::kNotFound);
  }
}

TEST_P(RoomEventStoreTest, SaysWhoSpeaksAndWhyTheyFailed) {
  const Room room = Create(NewRoom());
  NewRoomMessage message = Message(room);
  message.plan = Plan;
  ASSERT_TRUE(store_.AppendRoomMessage(message, Once()).ok());
  const std::string turn_id = "turn of " + message.message_id;
  EXPECT_THAT(Read(room).running, IsEmpty());

  ASSERT_TRUE(SetTurns(room, "running").ok());
  ASSERT_THAT(Read(room).running, SizeIs(1));
  EXPECT_EQ(Read(room).running[0].turn_id, turn_id);
  EXPECT_EQ(Read(room).running[0].persona_id, "g");

  ASSERT_TRUE(SetTurns(room, "failed", SerializeError(UnavailableError("down"))).ok());
  ASSERT_TRUE(db().Write([&](sql::Transaction& tx) {
                    return AppendEvent(tx, room.row.conversation_id,
                                       TurnEvent(turn_id, "g", TurnState::kFailed, clock_.Now()));
                  })
                  .ok());
  EXPECT_THAT(Read(room).running, IsEmpty());
  EXPECT_EQ(Read(room).events.back().error_code, "UNAVAILABLE");
}

TEST_P(RoomEventStoreTest, SaysWhatIsNewestInManyRooms) {
  std::vector<std::string> ids = {"never"};
  std::map<std::string, int64_t> expected;
  for (int i = 0; i < 30; ++i) {
    const Room room = Create(NewRoom());
    for (int n = 0; n < i % 3; ++n)
      Say(room);
    ids.push_back(room.row.conversation_id);
    expected[room.row.conversation_id] = i % 3;
  }

  for (const size_t some : {size_t{2}, size_t{9}, ids.size()}) {
    const auto last = events_.LastEvents({ids.begin(), ids.begin() + static_cast<long>(some)});
    ASSERT_TRUE(last.ok()) << last.status();
    EXPECT_EQ(last->size(), some - 1);
    for (const auto& [id, number] : *last)
      EXPECT_EQ(number, expected[id]);
  }
  EXPECT_THAT(*events_.LastEvents({}), IsEmpty());

  ASSERT_TRUE(store_.DeleteRoom(ids[1], clock_.Now(), Allow).ok());
  EXPECT_THAT(*events_.LastEvents({ids[1], ids[2]}), ElementsAre(Pair(ids[2], 1)));
}

TEST_P(RoomEventStoreTest, KeepsTheFirstKey) {
  const Room room = Create(NewRoom());
  std::vector<std::string> keys(8);
  std::vector<std::thread> threads;
  threads.reserve(keys.size());
  for (std::string& key : keys) {
    threads.emplace_back([&] {
      const auto found = events_.EventKey(room.row.conversation_id, NewEventKey());
      if (found.ok()) key = *found;
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_EQ(keys[0].size(), kEventKeyBytes);
  EXPECT_THAT(keys, testing::Each(keys[0]));
  EXPECT_EQ(Find(room.row.conversation_id).row.version, room.row.version);
}

}  // namespace
}  // namespace dramatis::conversation
