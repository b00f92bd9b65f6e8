// Who may do what with a turn of a room. Pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/conversation/model/room_rows.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// Whether the caller, who may view the room, may know of the turn. NOT_FOUND where what its persona
// is stays hidden from them, and for whoever was sent out before it ended.
absl::Status MaySeeTurn(const Room& room, const Identity& identity, const TurnRow& turn);

// Whether the caller may see what the persona's answers cost.
bool MaySeeUsage(const Room& room, const Identity& identity, const std::string& persona_id);

// Whether the caller may have the persona speak, or stop it: its owner, who may post, who may
// close. NOT_FOUND where they may not view the room; NOT_PARTICIPANT; PERMISSION_DENIED, also where
// what the persona is stays hidden from them, be it an AI or not; NOT_PERMITTED.
absl::Status MayDirect(const Room& room, const Identity& identity, const std::string& persona_id);

// The same, and that the room lets it speak now. CONVERSATION_CLOSED, INVALID_STATE,
// NOT_AN_AI_PERSONA.
absl::Status MayHaveSpeak(const Room& room,
                          const Identity& identity,
                          const std::string& persona_id);

}  // namespace dramatis::conversation
