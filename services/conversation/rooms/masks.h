// What an `ambiguous` room hides: persona shows nobody who shares the room what a participant is
// that is neither revealed nor their own, on no route. Persona is told after each change; what
// fails is left to RoomUpkeep. Thread-safe; blocks.
#pragma once

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/status/status.h"
#include "services/conversation/model/room_tools.h"

namespace dramatis::conversation {

// Everybody who shares the room, and what stays hidden from them. Pure.
dramatis::persona::v1::SetMasksRequest MasksOf(const Room& room);

// Tells persona, and notes that it knows.
absl::Status ShareMasks(const RoomTools& tools, const CallContext& call, const Room& room);

// The same after a change of a room that is `ambiguous`. A failure is logged.
void TellMasks(const RoomTools& tools, const CallContext& call, const Room& room);

// PERMISSION_DENIED if what the persona is stays hidden from the caller, who may bring it into no
// other room: there it would show.
absl::Status MayBring(const RenderedPersona& persona, const Identity& identity);

}  // namespace dramatis::conversation
