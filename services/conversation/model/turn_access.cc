#include "services/conversation/model/turn_access.h"

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/model/permissions.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/model/room_views.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

absl::Status MaySeeTurn(const Room& room, const Identity& identity, const TurnRow& turn) {
  const std::optional<Horizon> horizon = HorizonOf(room, identity);
  const bool in_sight = !horizon.has_value() || (!turn.open() && turn.updated_at <= horizon->time);
  const bool visible = in_sight && Require(room, identity, Permission::kView).ok() &&
                       !IsMasked(room, turn.persona_id, identity);
  return visible ? absl::OkStatus() : NotFoundError("turn");
}

bool MaySeeUsage(const Room& room, const Identity& identity, const std::string& persona_id) {
  const ParticipantRow* const row = FindParticipant(room, persona_id);
  return row != nullptr ? identity.MayManage(row->user_id) : identity.IsAdmin();
}

absl::Status MayDirect(const Room& room, const Identity& identity, const std::string& persona_id) {
  DRAMATIS_RETURN_IF_ERROR(Require(room, identity, Permission::kView));
  if (HorizonOf(room, identity).has_value()) return NotPermitted(Permission::kAddMessage);
  const ParticipantRow* const row = FindParticipant(room, persona_id);
  if (row == nullptr || !row->present()) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NOT_PARTICIPANT,
                 "the persona does not take part in the conversation");
  }
  if (IsMasked(room, persona_id, identity)) {
    return PermissionError("only its owner may have it speak while what it is stays hidden");
  }
  if (row->user_id == identity.user_id || RequireRight(room, identity, Permission::kClose).ok()) {
    return absl::OkStatus();
  }
  return RequireRight(room, identity, Permission::kAddMessage);
}

absl::Status MayHaveSpeak(const Room& room,
                          const Identity& identity,
                          const std::string& persona_id) {
  DRAMATIS_RETURN_IF_ERROR(MayDirect(room, identity, persona_id));
  DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
  if (room.row.status != RoomStatus::kActive) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_INVALID_STATE,
                 "the conversation is paused", {{"status", NameOf(room.row.status)}});
  }
  if (FindParticipant(room, persona_id)->speaks_by_model()) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NOT_AN_AI_PERSONA,
               "no model speaks for the persona");
}

}  // namespace dramatis::conversation
