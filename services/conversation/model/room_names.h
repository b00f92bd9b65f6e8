// The names under which the enumerations of rooms are stored, and which errors say. An unknown name
// is the most careful value. Pure functions.
#pragma once

#include <string>

#include "services/conversation/model/room_rows.h"

namespace dramatis::conversation {

const char* NameOf(RoomStatus status);
const char* NameOf(RoomVisibility visibility);
const char* NameOf(PersonaKind kind);
const char* NameOf(Role role);
const char* NameOf(RoomMessageType type);
const char* NameOf(EventKind kind);
RoomStatus RoomStatusOf(const std::string& name);
RoomVisibility VisibilityOf(const std::string& name);
PersonaKind PersonaKindOf(const std::string& name);
Role RoleOf(const std::string& name);
RoomMessageType MessageTypeOf(const std::string& name);
EventKind EventKindOf(const std::string& name);

}  // namespace dramatis::conversation
