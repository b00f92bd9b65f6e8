// What its makers say of a room: its title, what it is about, its constraints and settings. Pure
// functions.
#pragma once

#include "dramatis/conversation/v1/rooms.pb.h"

#include "absl/status/status.h"
#include "services/conversation/model/room_rows.h"

namespace dramatis::conversation {

RoomVisibility FromApi(v1::Visibility visibility);

// Takes over what a new room is to be, defaults filled in. VALIDATION_FAILED.
absl::Status Define(const v1::CreateConversationRequest& request, RoomRow& row);

// Changes the fields that the request names. VALIDATION_FAILED; then the row is spoilt.
absl::Status Redefine(const v1::UpdateConversationRequest& request, RoomRow& row);

}  // namespace dramatis::conversation
