// Persona's holds for rooms: a persona in an open room cannot be deleted (PERSONA_IN_USE). A hold
// ends by itself, so that nothing lost keeps a persona for ever; RoomUpkeep renews those of rooms
// that are open. Thread-safe; blocks.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/peers.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/room_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// How long a hold lasts unless it is renewed: longer than any outage that personas should outlive.
inline constexpr absl::Duration kHoldTime = absl::Hours(7 * 24);

// The personas, which the caller may use, held for the room from now on; in the order asked. Either
// all are held or none. NOT_FOUND, and persona's own errors.
absl::StatusOr<std::vector<RenderedPersona>> HoldPersonas(
    const RoomTools& tools,
    const CallContext& call,
    const std::vector<std::string>& persona_ids,
    const std::string& conversation_id);

// Gives up one hold; false, and logged, if that failed.
bool ReleasePersona(const RoomTools& tools,
                    const CallContext& call,
                    const std::string& persona_id,
                    const std::string& conversation_id);

// Gives up one hold unless the persona is in the room and the room open, as it may be where adding
// it failed. False if it failed: the hold ends by itself.
bool ReleaseUnlessHere(const RoomTools& tools,
                       const CallContext& call,
                       const std::string& persona_id,
                       const std::string& conversation_id);

// Whether persona may still hold the participant's persona for its room.
bool MayBeHeld(const ParticipantRow& row, absl::Time now);

// Gives up the holds of a room that was closed or deleted. What fails is left to RoomUpkeep.
void ReleaseRoom(const RoomTools& tools, const CallContext& call, const Room& room);

// A persona as it comes into a room at `now`.
ParticipantRow NewParticipant(const RenderedPersona& rendered,
                              Role role,
                              const std::string& brought_by,
                              absl::Time now);

}  // namespace dramatis::conversation
