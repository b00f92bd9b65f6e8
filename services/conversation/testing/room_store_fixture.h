// What the suites of the room store share: a store on a fresh database, rooms and messages.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "embedded/conversation_migrations.h"
#include "gtest/gtest.h"
#include "services/conversation/sql/rooms/rooms.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/testing/rooms.h"
#include "shared/ids/ids.h"
#include "shared/sql/testing/test_database.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {

class CountingFeed : public RoomFeed {
 public:
  void Changed(const std::string& conversation_id) override {
    const absl::MutexLock lock(&mutex_);
    ++changes_[conversation_id];
  }
  int of(const std::string& conversation_id) {
    const absl::MutexLock lock(&mutex_);
    return changes_[conversation_id];
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, int> changes_ ABSL_GUARDED_BY(mutex_);
};

inline absl::Status Allow(const Room& /*room*/) {
  return absl::OkStatus();
}

class RoomStoreTest : public sql::DatabaseTest {
 protected:
  RoomStoreTest() : DatabaseTest(embedded::conversation_migrations()), store_(db(), feed_) {
    call_.identity.user_id = "olga";
  }

  Idempotency Once(const std::string& key = "") {
    call_.idempotency_key = key;
    return {call_, "Method", request_};
  }
  // With the persona `g` of gina.
  Room NewRoom() {
    Room room = TestRoom(ids_.NewId());
    room.row.created_at = room.row.updated_at = room.row.last_message_at = clock_.Now();
    room.row.hold_expires_at = clock_.Now() + absl::Hours(1);
    Add(room, TestParticipant("g", "gina"));
    return room;
  }
  Room Create(Room room) {
    const auto created = store_.CreateRoom(room, {}, Once());
    EXPECT_TRUE(created.ok()) << created.status();
    return created->result;
  }
  Room Find(const std::string& id) {
    const auto room = store_.FindRoom(id);
    EXPECT_TRUE(room.ok() && room->has_value()) << room.status();
    return **room;
  }
  NewRoomMessage Message(const Room& room, const std::string& content = "Hello") {
    NewRoomMessage message;
    message.conversation_id = room.row.conversation_id;
    message.message_id = ids_.NewId();
    message.persona_id = "o";
    message.user_id = "olga";
    message.content = content;
    message.now = clock_.Now();
    message.check = Allow;
    return message;
  }
  AppendedMessage Say(const Room& room, const std::string& content = "Hello") {
    const auto appended = store_.AppendRoomMessage(Message(room, content), Once());
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended->result;
  }
  std::vector<MessageRow> Messages(const Room& room) {
    return *store_.ListRoomMessages({.conversation_id = room.row.conversation_id,
                                     .descending = false,
                                     .beyond_sequence = 0,
                                     .limit = 1000});
  }
  // The events as "kind subject", with what else they say, and that their numbers have no gap.
  std::vector<std::string> Events(const Room& room) {
    const auto rows = db().Read([&](sql::Transaction& tx) {
      return tx.ExecuteText(
          "select sequence, kind, subject, state, persona_id, version, detail from events"
          " where conversation_id = $1"
          " order by sequence",
          {room.row.conversation_id});
    });
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<std::string> events;
    for (const sql::Row& row : *rows) {
      std::string event = row.Text(1) + " " + row.Text(2) + " " + row.Text(3);
      if (row.Text(1) == "turn") event += " " + row.Text(4);
      if (row.Text(1) == "state") event += " " + std::to_string(row.Int(5)) + " " + row.Text(6);
      events.push_back(event);
      EXPECT_EQ(row.Int64(0), static_cast<int64_t>(events.size()));
    }
    return events;
  }
  RoomMessageChange Change(const Room& room,
                           const MessageRow& message,
                           std::optional<std::string> content) {
    RoomMessageChange change;
    change.conversation_id = room.row.conversation_id;
    change.message_id = message.message_id;
    change.content = std::move(content);
    change.now = clock_.Now();
    change.check = [](const Room&, const MessageRow&) { return absl::OkStatus(); };
    return change;
  }
  // Answers every message through `g`.
  static std::vector<PlannedTurnRow> Plan(const Room& /*room*/,
                                          const std::vector<MessageRow>& /*recent*/,
                                          const MessageRow& message) {
    PlannedTurnRow turn;
    turn.turn_id = "turn of " + message.message_id;
    turn.persona_id = "g";
    turn.due_at = message.created_at + absl::Seconds(1);
    turn.score.set_total(0.5);
    turn.score.set_reason("addressed");
    return {turn};
  }
  std::vector<std::string> TurnStates(const Room& room) {
    return *db().Read([&](sql::Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
      const auto rows =
          tx.ExecuteText("select state from turns where conversation_id = $1 order by turn_id",
                         {room.row.conversation_id});
      std::vector<std::string> states;
      for (const sql::Row& row : *rows)
        states.push_back(row.Text(0));
      return states;
    });
  }
  std::vector<std::string> Listed(const std::function<void(RoomFilter&)>& change) {
    RoomFilter filter;
    filter.user_id = "olga";
    filter.now = clock_.Now();
    filter.limit = 100;
    change(filter);
    const auto rooms = store_.ListRooms(filter);
    EXPECT_TRUE(rooms.ok()) << rooms.status();
    std::vector<std::string> titles;
    for (const Room& room : *rooms)
      titles.push_back(room.row.title);
    return titles;
  }

  CountingFeed feed_;
  SqlRoomStore store_;
  FakeClock clock_;
  UuidV7Source ids_{clock_};
  CallContext call_;
  v1::CloseConversationRequest request_;
};

}  // namespace dramatis::conversation
