// What a caller may do in a room: computed here and nowhere else. Pure functions.
//
//   DRAMATIS_RETURN_IF_ERROR(Require(room, call.identity, Permission::kClose));
//
// The owner of the persona that opened a room keeps the initiator's rights, present or not: they do
// not pass on when that persona leaves. A host, guest or moderator has theirs while present. An
// admin may view, close, change, moderate and delete, and speaks through own personas only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dramatis/conversation/v1/rooms.pb.h"

#include "absl/status/status.h"
#include "services/conversation/model/room_rows.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

enum class Permission {
  kView,
  kAddMessage,
  kJoin,
  kClose,
  kAddParticipant,
  kRemoveParticipant,
  kDelete,
};

// All seven, as Conversation.permissions shows them.
v1::Permissions PermissionsOf(const Room& room, const Identity& identity);

// OK where the caller may. NOT_FOUND where they may not even view the room; NOT_PERMITTED, with the
// `permission` as its JSON name, where they lack the right; then the reason why the room's state
// forbids it to everybody: CONVERSATION_CLOSED, INVALID_STATE, LATE_JOINING_REFUSED,
// CONVERSATION_FULL.
absl::Status Require(const Room& room, const Identity& identity, Permission permission);

// The same without regard to the room's state.
absl::Status RequireRight(const Room& room, const Identity& identity, Permission permission);

// NOT_PERMITTED for lack of `permission`.
absl::Status NotPermitted(Permission permission);

// CONVERSATION_CLOSED if the room is closed.
absl::Status RequireOpen(const Room& room);

// How far somebody may read who was sent out of the room and not let in again: what was said until
// then, and nothing later. Every view of a room looks here.
struct Horizon {
  int sequence = 0;   // of the last message
  int64_t event = 0;  // number of the last event
  absl::Time time;    // when that was
};
// nullopt for everybody else.
std::optional<Horizon> HorizonOf(const Room& room, const Identity& identity);

// Whether `identity` takes part through a persona that is here.
bool TakesPart(const Room& room, const Identity& identity);

}  // namespace dramatis::conversation
