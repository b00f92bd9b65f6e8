// Steps of several transactions on rooms. Part of SqlStore; see sql_store_rows.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/room_rows.h"
#include "services/conversation/room_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// The room with its participants; nullopt if there is none.
absl::StatusOr<std::optional<Room>> SelectRoom(sql::Transaction& tx,
                                               const std::string& conversation_id);
// Takes the room's row for this transaction (others wait), then reads it. NOT_FOUND.
absl::StatusOr<Room> LockRoom(sql::Transaction& tx, const std::string& conversation_id);
// Stores the room's own row, participants left alone.
absl::Status UpdateRoomRow(sql::Transaction& tx, const RoomRow& row);
// Appends an event under the room's next number.
absl::Status AppendEvent(sql::Transaction& tx,
                         const std::string& conversation_id,
                         EventKind kind,
                         const std::string& subject,
                         const std::string& detail,
                         absl::Time now);
// Appends `message` under the room's next sequence number, which it sets, with its event; counts it
// in `row`; closes the room where a constraint is reached.
absl::Status AppendMessage(sql::Transaction& tx, RoomRow& row, RoomMessageRow& message);
// Messages before `sequence` that can be read, at most `limit`, oldest first.
absl::StatusOr<std::vector<RoomMessageRow>> SelectRecentMessages(sql::Transaction& tx,
                                                                 const std::string& conversation_id,
                                                                 int before_sequence,
                                                                 int limit);
// Makes the turns that answer `message`. A persona's turn that has not begun yet is moved to this
// message instead of making a second one. Answers what stands now.
absl::StatusOr<std::vector<PlannedTurnRow>> PlanTurns(sql::Transaction& tx,
                                                      const Room& room,
                                                      const RoomMessageRow& message,
                                                      const std::vector<PlannedTurnRow>& planned,
                                                      absl::Time now);
// Ends the room's open turns without a reply; whoever runs one sees that its lease is lost.
absl::Status StopTurns(sql::Transaction& tx,
                       const std::string& conversation_id,
                       const std::string& error_code,
                       absl::Time now);

}  // namespace dramatis::conversation
