// Steps of several transactions on rooms. Part of SqlStore; see sql/rows.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/events/feed.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/turn_row.h"
#include "services/conversation/sql/message_rows.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// The room with its participants; nullopt if there is none.
absl::StatusOr<std::optional<Room>> SelectRoom(sql::Transaction& tx,
                                               const std::string& conversation_id);
// The same, deleted ones too.
absl::StatusOr<std::optional<Room>> SelectAnyRoom(sql::Transaction& tx,
                                                  const std::string& conversation_id);
// The rooms of these ids, in their order; those that are gone left out.
absl::StatusOr<std::vector<Room>> SelectRooms(sql::Transaction& tx,
                                              const std::vector<std::string>& conversation_ids);
// Takes the room's row for this transaction (others wait), then reads it. NOT_FOUND.
absl::StatusOr<Room> LockRoom(sql::Transaction& tx, const std::string& conversation_id);
// The same, and a room whose time is over at `now` closed: what follows sees it as it is. Whoever
// may refuse afterwards does so within WriteToRoom.
absl::StatusOr<Room> LockRoomAt(sql::Transaction& tx,
                                const std::string& conversation_id,
                                absl::Time now);
// Closes the room in a transaction of its own where its time is over at `now`. What fails is left
// to RoomUpkeep, which looks for overdue rooms.
void CloseOverdue(sql::Database& database,
                  RoomFeed& feed,
                  const std::string& conversation_id,
                  absl::Time now);
// The transaction of whoever changes something in a room: `write` takes the room by LockRoomAt, and
// its refusal rolls back what it has written. That the room's time is over is not the caller's to
// undo: where LockRoomAt has closed the room, it stays closed.
template <class Write>
auto WriteToRoom(sql::Database& database,
                 RoomFeed& feed,
                 const std::string& conversation_id,
                 absl::Time now,
                 const Write& write) {
  auto result = database.Write(write);
  if (!result.ok() && !absl::IsUnavailable(result.status())) {
    CloseOverdue(database, feed, conversation_id, now);
  }
  return result;
}
// Stores the room's own row, participants and `last_event` left alone.
absl::Status UpdateRoomRow(sql::Transaction& tx, const RoomRow& row);
// Makes the participant's row, or brings it in line, and notes whether its owner takes part.
absl::Status UpsertParticipant(sql::Transaction& tx,
                               const std::string& conversation_id,
                               const ParticipantRow& participant);
// Appends the event that the room's own state changed to what `row` says.
absl::Status AppendStateEvent(sql::Transaction& tx, const RoomRow& row, absl::Time now);
// Appends an event under the room's next number, which it has instead of `event.sequence`.
absl::Status AppendEvent(sql::Transaction& tx,
                         const std::string& conversation_id,
                         const EventRow& event);
// Something happened to the message of this number, or to this participant.
EventRow EventOf(EventKind kind, const std::string& subject, absl::Time now);
// What became of a room's turn. `reason` is TurnScore.reason, empty once it has ended.
EventRow TurnEvent(const std::string& turn_id,
                   const std::string& persona_id,
                   TurnState state,
                   absl::Time now,
                   const std::string& reason = "");
// Appends `message` under the room's next sequence number, which it sets, with its event; counts it
// in `row` and stores that; closes the room where a constraint is reached, which ends its open
// turns: the one that wrote the message must have ended before.
absl::Status AppendMessage(sql::Transaction& tx, RoomRow& row, MessageRow& message);
// Makes the turns that answer `message`. A persona's turn that has not begun yet is moved to this
// message instead of making a second one, and is paid for as it is. Answers what stands now.
absl::StatusOr<std::vector<PlannedTurnRow>> PlanTurns(sql::Transaction& tx,
                                                      const Room& room,
                                                      const MessageRow& message,
                                                      const std::vector<PlannedTurnRow>& planned,
                                                      const TurnPayer& payer,
                                                      absl::Time now);
// Ends the room's open turns, or with a `persona_id` those of one persona, without a reply:
// cancelled, with an error of this reason. Whoever runs one sees that its lease is lost.
absl::Status StopTurns(sql::Transaction& tx,
                       const std::string& conversation_id,
                       v1::ErrorReason reason,
                       absl::Time now,
                       const std::string& persona_id = "");

}  // namespace dramatis::conversation
