// Rooms for tests: who is in them, and how they are.
#pragma once

#include <string>
#include <utility>

#include "services/conversation/model/room_rows.h"

namespace dramatis::conversation {

inline ParticipantRow TestParticipant(const std::string& persona_id,
                                      const std::string& user_id,
                                      Role role = Role::kGuest,
                                      PersonaKind kind = PersonaKind::kHuman) {
  ParticipantRow row;
  row.persona_id = persona_id;
  row.user_id = row.brought_by = user_id;
  row.name = "Name of " + persona_id;
  row.kind = kind;
  row.role = role;
  row.joined_at = absl::FromUnixSeconds(1);
  return row;
}

// Of the user `olga`, whose persona `o` has opened it.
inline Room TestRoom(const std::string& conversation_id = "room") {
  Room room;
  room.row.conversation_id = conversation_id;
  room.row.user_id = "olga";
  room.row.persona_id = "o";
  room.row.title = "Title";
  room.row.created_at = room.row.updated_at = room.row.last_message_at = absl::FromUnixSeconds(1);
  room.row.hold_expires_at = absl::FromUnixSeconds(1000);
  room.participants.push_back(TestParticipant("o", "olga", Role::kInitiator));
  return room;
}

inline void Add(Room& room, ParticipantRow row) {
  row.position = static_cast<int>(room.participants.size());
  room.participants.push_back(std::move(row));
}

}  // namespace dramatis::conversation
