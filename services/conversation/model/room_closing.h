// How a room comes to its end: by hand, by its time, or by a message that reaches a constraint.
// Pure functions.
//
//   CloseIfDue(room.row, now);   // before any rule looks at it: as if the clock had been watched
#pragma once

#include <string>

#include "absl/time/time.h"
#include "services/conversation/model/room_rows.h"

namespace dramatis::conversation {

// Why the system closed a room: RoomRow::close_reason.
inline constexpr char kMaxMessagesReached[] = "max_messages";
inline constexpr char kMaxCharactersReached[] = "max_characters";
inline constexpr char kMaxDurationReached[] = "max_duration";
inline constexpr char kForbiddenTopicNamed[] = "forbidden_topic";
inline constexpr char kNothingSaid[] = "inactivity";

// Closes an open room at `now`: its holds are due to be given up.
void CloseRoom(RoomRow& row, RoomStatus status, const std::string& reason, absl::Time now);

// Sets `closes_at`: after the longest duration, or the longest silence, whichever ends first.
void SetClosesAt(RoomRow& row);

// Closes an open room whose time is over at `now`, as of when it was over, with its next version;
// whoever does that gets the same. Whether it did.
bool CloseIfDue(RoomRow& row, absl::Time now);

// Closes an open room, which has counted a message of this text already, where that has reached a
// constraint; with its next version. Whether it did.
bool CloseIfReached(RoomRow& row, const std::string& content, absl::Time now);

}  // namespace dramatis::conversation
