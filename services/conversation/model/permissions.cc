#include "services/conversation/model/permissions.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

bool AnyOwn(const Room& room,
            const Identity& identity,
            const std::function<bool(const ParticipantRow&)>& is) {
  return std::any_of(room.participants.begin(), room.participants.end(),
                     [&](const ParticipantRow& row) {
                       return row.user_id == identity.user_id && row.stands_for_owner() && is(row);
                     });
}

bool HasRole(const Room& room, const Identity& identity, Role role) {
  return AnyOwn(room, identity,
                [&](const ParticipantRow& row) { return row.present() && row.role == role; });
}

bool Moderates(const Room& room, const Identity& identity) {
  return identity.MayManage(room.row.user_id) || HasRole(room, identity, Role::kModerator);
}

bool HasRight(const Room& room, const Identity& identity, Permission permission) {
  const bool open_to_all = room.row.visibility != RoomVisibility::kPrivate;
  switch (permission) {
    case Permission::kView:
      return open_to_all || identity.MayManage(room.row.user_id) ||
             AnyOwn(room, identity, [](const ParticipantRow&) { return true; });
    case Permission::kAddMessage:
      return AnyOwn(room, identity, [](const ParticipantRow& row) {
        return row.present() && row.kind != PersonaKind::kAgent;
      });
    case Permission::kJoin:
      return open_to_all && !TakesPart(room, identity) && !HorizonOf(room, identity).has_value();
    case Permission::kClose:
    case Permission::kAddParticipant:
      return Moderates(room, identity) || HasRole(room, identity, Role::kHost);
    case Permission::kRemoveParticipant:
      return Moderates(room, identity);
    case Permission::kDelete:
      return identity.MayManage(room.row.user_id);
  }
  return false;
}

absl::Status RequireRoom(const Room& room) {
  const int most = room.row.settings.has_max_participants() ? room.row.settings.max_participants()
                                                            : kDefaultMaxParticipants;
  const auto present = std::count_if(room.participants.begin(), room.participants.end(),
                                     [](const ParticipantRow& row) { return row.present(); });
  if (present < most) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_CONVERSATION_FULL,
               "the conversation has as many participants as it takes");
}

absl::Status RequireLateJoining(const Room& room) {
  const v1::ConversationSettings& settings = room.row.settings;
  if (room.row.last_sequence == 0 || !settings.has_allow_late_joining() ||
      settings.allow_late_joining()) {
    return absl::OkStatus();
  }
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_LATE_JOINING_REFUSED,
               "the conversation has begun and takes nobody in any more");
}

// Why the room's state forbids it, whoever asks.
absl::Status StateAllows(const Room& room, Permission permission) {
  switch (permission) {
    case Permission::kAddMessage:
      DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
      if (room.row.status == RoomStatus::kActive) return absl::OkStatus();
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_INVALID_STATE,
                   "the conversation is paused", {{"status", "paused"}});
    case Permission::kJoin:
      DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
      DRAMATIS_RETURN_IF_ERROR(RequireLateJoining(room));
      return RequireRoom(room);
    case Permission::kAddParticipant:
      DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
      return RequireRoom(room);
    case Permission::kClose:
      return RequireOpen(room);
    case Permission::kView:
    case Permission::kRemoveParticipant:
    case Permission::kDelete:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

const char* JsonName(Permission permission) {
  switch (permission) {
    case Permission::kView:
      return "canView";
    case Permission::kAddMessage:
      return "canAddMessage";
    case Permission::kJoin:
      return "canJoin";
    case Permission::kClose:
      return "canClose";
    case Permission::kAddParticipant:
      return "canAddParticipant";
    case Permission::kRemoveParticipant:
      return "canRemoveParticipant";
    case Permission::kDelete:
      return "canDelete";
  }
  return "";
}

}  // namespace

v1::Permissions PermissionsOf(const Room& room, const Identity& identity) {
  const auto may = [&](Permission permission) { return Require(room, identity, permission).ok(); };
  v1::Permissions permissions;
  permissions.set_can_view(may(Permission::kView));
  permissions.set_can_add_message(may(Permission::kAddMessage));
  permissions.set_can_join(may(Permission::kJoin));
  permissions.set_can_close(may(Permission::kClose));
  permissions.set_can_add_participant(may(Permission::kAddParticipant));
  permissions.set_can_remove_participant(may(Permission::kRemoveParticipant));
  permissions.set_can_delete(may(Permission::kDelete));
  return permissions;
}

absl::Status Require(const Room& room, const Identity& identity, Permission permission) {
  DRAMATIS_RETURN_IF_ERROR(RequireRight(room, identity, permission));
  return StateAllows(room, permission);
}

absl::Status RequireRight(const Room& room, const Identity& identity, Permission permission) {
  if (!HasRight(room, identity, Permission::kView)) return NotFoundError("conversation");
  return HasRight(room, identity, permission) ? absl::OkStatus() : NotPermitted(permission);
}

absl::Status NotPermitted(Permission permission) {
  return Error(absl::StatusCode::kPermissionDenied, v1::ERROR_REASON_NOT_PERMITTED,
               "you may not do this in the conversation", {{"permission", JsonName(permission)}});
}

absl::Status RequireOpen(const Room& room) {
  if (!room.row.closed()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_CONVERSATION_CLOSED,
               "the conversation is closed");
}

std::optional<Horizon> HorizonOf(const Room& room, const Identity& identity) {
  if (identity.MayManage(room.row.user_id) || TakesPart(room, identity)) return std::nullopt;
  std::optional<Horizon> horizon;
  for (const ParticipantRow& row : room.participants) {
    if (row.user_id != identity.user_id || !row.stands_for_owner() || !row.removed()) continue;
    const Horizon own = {.sequence = *row.removed_sequence,
                         .event = row.removed_event.value_or(0),
                         .time = row.left_at.value_or(absl::InfinitePast())};
    if (!horizon.has_value() || own.event > horizon->event) horizon = own;
  }
  return horizon;
}

bool TakesPart(const Room& room, const Identity& identity) {
  return AnyOwn(room, identity, [](const ParticipantRow& row) { return row.present(); });
}

}  // namespace dramatis::conversation
