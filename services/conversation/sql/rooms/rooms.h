// RoomStore on SQLite and PostgreSQL:
//   sql/rooms/rooms.cc          rooms and their participants
//   sql/rooms/messages.cc  messages
//   sql/rooms/lists.cc     lists of rooms and messages
//   sql/rooms/rows.cc      steps of several transactions
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/conversation/events/feed.h"
#include "services/conversation/model/room_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlRoomStore : public RoomStore {
 public:
  // Tells `feed` after each commit that appended events.
  SqlRoomStore(sql::Database& database, RoomFeed& feed) : database_(database), feed_(feed) {}

  absl::StatusOr<Idempotent<Room>> CreateRoom(const Room& room,
                                              const std::vector<MessageRow>& greetings,
                                              const Answering<Room>& once) override;
  absl::StatusOr<std::optional<Room>> FindRoom(const std::string& conversation_id) override;
  absl::StatusOr<std::vector<Room>> ListRooms(const RoomFilter& filter) override;
  absl::StatusOr<std::vector<FoundRoom>> SearchRooms(const RoomFilter& filter) override;
  absl::StatusOr<Idempotent<Room>> ChangeRoom(const std::string& conversation_id,
                                              absl::Time now,
                                              const RoomChange& change,
                                              const Answering<Room>& once) override;
  absl::StatusOr<Room> DeleteRoom(
      const std::string& conversation_id,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check) override;
  absl::StatusOr<Idempotent<Room>> RevealParticipant(
      const std::string& conversation_id,
      const std::string& persona_id,
      const std::string& message_id,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check,
      const Answering<Room>& once) override;
  absl::StatusOr<std::vector<std::string>> CloseOverdueRooms(absl::Time now, int limit) override;
  absl::StatusOr<std::vector<Room>> ListHolds(absl::Time before, int limit) override;
  absl::Status SetRoomHold(const std::string& conversation_id,
                           int version,
                           absl::Time expires_at) override;

  absl::StatusOr<std::vector<Room>> ListMasksDue(int limit) override;
  absl::Status NoteMasks(const std::string& conversation_id, int version) override;

  absl::StatusOr<Idempotent<AppendedMessage>> AppendRoomMessage(
      const NewRoomMessage& message, const Answering<AppendedMessage>& once) override;
  absl::StatusOr<std::optional<MessageRow>> FindRoomMessage(const std::string& conversation_id,
                                                            const std::string& message_id) override;
  absl::StatusOr<std::vector<MessageRow>> ListRoomMessages(const MessageRange& range) override;
  absl::StatusOr<MessageRow> ChangeRoomMessage(const RoomMessageChange& change) override;

 private:
  sql::Database& database_;
  RoomFeed& feed_;
};

// A step of several transactions: makes the room with its participants, without an event.
absl::Status InsertRoom(sql::Transaction& tx, const Room& room);

}  // namespace dramatis::conversation
