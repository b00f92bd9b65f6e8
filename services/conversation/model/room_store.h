// What conversation keeps of rooms, in its own words. As in model/store.h each function is one
// transaction, and a store that cannot be read is UNAVAILABLE, never an empty result.
//
// Whatever changes a room appends its events in the same transaction; who follows the room is told
// after the commit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/room_messages.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// Changes a room in the transaction that has read and locked it; what it answers is stored as it
// is, with the next version. An error changes nothing.
using RoomChange = std::function<absl::Status(Room& room)>;

// A turn that is going to answer a message.
struct PlannedTurnRow {
  std::string turn_id;
  std::string persona_id;
  absl::Time due_at;
  int depth = 0;
  bool requested = false;
  v1::TurnScore score;
  // A model is to pick whose turn it is (turn_taking/choice_store.h): there is no turn and no
  // persona yet.
  bool model_picks = false;
};

// How many messages before it a planner sees at most.
inline constexpr int kRecentMessages = 30;

// Who answers `message`, which is stored already: a pure function, called in the message's
// transaction. `recent` are the messages before it that can be read, oldest first.
using TurnPlanner = std::function<std::vector<PlannedTurnRow>(
    const Room& room, const std::vector<MessageRow>& recent, const MessageRow& message)>;

struct NewRoomMessage {
  std::string conversation_id;
  std::string message_id;
  std::string persona_id;
  std::string user_id;  // the caller, who owns the persona, and pays for what answers it
  std::string key;      // that the caller came with, as PackKey has it
  RoomMessageType type = RoomMessageType::kText;
  std::string content;
  std::string reply_to_message_id;
  absl::Time now;
  // Refuses, in the transaction, what the room does not allow now.
  std::function<absl::Status(const Room& room)> check;
  TurnPlanner plan;
};

struct AppendedMessage {
  MessageRow message;
  // New turns, and those that waited for an earlier message and now answer this one; at most one of
  // which a model is to pick the persona.
  std::vector<PlannedTurnRow> turns;
  Room room;  // as it is now; the system may have closed it
};

struct RoomMessageChange {
  std::string conversation_id;
  std::string message_id;
  std::optional<std::string> content;  // nullopt: hide it
  absl::Time now;
  std::function<absl::Status(const Room& room, const MessageRow& message)> check;
};

// Rooms that `user_id` may see listed, the one last made first; every one for an admin.
struct RoomFilter {
  std::string user_id;
  bool admin = false;
  std::optional<RoomStatus> status;
  std::optional<RoomVisibility> visibility;
  std::string persona_id;  // is in it
  std::string topic_tag;   // ASCII case ignored
  std::vector<std::string>
      words;           // of a search: all in one message, or in title, topic and description
  std::string before;  // conversation id of the last row of the page before; empty for none
  std::optional<FoundPosition> after_found;  // of a search: its last row
  int most_ranked = kMostRanked;             // of a search
  absl::Time now;                            // whose time is over then counts as completed
  int limit = 20;
};

// A room that a search found.
struct FoundRoom {
  Room room;
  Found found;
};

class RoomStore {
 public:
  virtual ~RoomStore() = default;

  // Rooms.

  // Makes the room, in which `greetings` are said first; their numbers are given here.
  virtual absl::StatusOr<Idempotent<Room>> CreateRoom(const Room& room,
                                                      const std::vector<MessageRow>& greetings,
                                                      const Answering<Room>& once) = 0;
  // nullopt if there is none, or it was deleted, or it is a session.
  virtual absl::StatusOr<std::optional<Room>> FindRoom(const std::string& conversation_id) = 0;
  virtual absl::StatusOr<std::vector<Room>> ListRooms(const RoomFilter& filter) = 0;
  // The rooms of such a list that have all of `words`, best first.
  virtual absl::StatusOr<std::vector<FoundRoom>> SearchRooms(const RoomFilter& filter) = 0;
  // Reads, changes and stores the room with its participants; appends an event for each participant
  // that changed and one for the state where it did. A room whose time is over at `now` is shown to
  // `change` as closed. Pausing or closing the room ends its open turns without a reply, and
  // leaving it those of who left. NOT_FOUND; what `change` answers.
  virtual absl::StatusOr<Idempotent<Room>> ChangeRoom(const std::string& conversation_id,
                                                      absl::Time now,
                                                      const RoomChange& change,
                                                      const Answering<Room>& once) = 0;
  // Deletes the room softly and ends its open turns. NOT_FOUND; what `check` answers.
  virtual absl::StatusOr<Room> DeleteRoom(
      const std::string& conversation_id,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check) = 0;
  // Shows what a participant is, and appends a `reveal` message. Without effect if it is shown.
  virtual absl::StatusOr<Idempotent<Room>> RevealParticipant(
      const std::string& conversation_id,
      const std::string& persona_id,
      const std::string& message_id,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check,
      const Answering<Room>& once) = 0;
  // Closes rooms whose time is over at `now`, at most `limit` of them; answers their ids.
  virtual absl::StatusOr<std::vector<std::string>> CloseOverdueRooms(absl::Time now, int limit) = 0;
  // Rooms whose holds end before `before`, and those that were closed or deleted and whose holds
  // have not been given up: at most `limit`, the most urgent first.
  virtual absl::StatusOr<std::vector<Room>> ListHolds(absl::Time before, int limit) = 0;
  // Notes until when persona holds the room's personas; the epoch once they have been given up.
  // Without effect unless the room has this `version` still.
  virtual absl::Status SetRoomHold(const std::string& conversation_id,
                                   int version,
                                   absl::Time expires_at) = 0;

  // Rooms of which persona is to be told whose types they hide, also deleted ones, at most `limit`.
  virtual absl::StatusOr<std::vector<Room>> ListMasksDue(int limit) = 0;
  // Notes that persona was told. Without effect unless the room has this `version` still.
  virtual absl::Status NoteMasks(const std::string& conversation_id, int version) = 0;

  // Messages.

  // Claims the key, appends the message under the next number, makes or moves the turns of those
  // who answer, and closes the room where a constraint is reached: all or nothing.
  virtual absl::StatusOr<Idempotent<AppendedMessage>> AppendRoomMessage(
      const NewRoomMessage& message, const Answering<AppendedMessage>& once) = 0;
  virtual absl::StatusOr<std::optional<MessageRow>> FindRoomMessage(
      const std::string& conversation_id, const std::string& message_id) = 0;
  virtual absl::StatusOr<std::vector<MessageRow>> ListRoomMessages(const MessageRange& range) = 0;
  // Edits or hides a message, the original kept; an edit may close the room as a message may.
  // Hiding a hidden one changes nothing. NOT_FOUND; what `check` answers.
  virtual absl::StatusOr<MessageRow> ChangeRoomMessage(const RoomMessageChange& change) = 0;
};

}  // namespace dramatis::conversation
