#include "services/conversation/rooms/participants.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/model/permissions.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/rooms/holds.h"
#include "services/conversation/rooms/masks.h"
#include "services/conversation/rooms/rooms.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

absl::Status AlreadyParticipant() {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_ALREADY_PARTICIPANT,
               "takes part in the conversation already");
}

absl::Status NotParticipant() {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NOT_PARTICIPANT,
               "the persona does not take part in the conversation");
}

bool IsHere(const Room& room, const std::string& persona_id) {
  const ParticipantRow* const row = FindParticipant(room, persona_id);
  return row != nullptr && row->present();
}

absl::Status MayJoin(const Room& room, const Identity& identity, const std::string& persona_id) {
  DRAMATIS_RETURN_IF_ERROR(Require(room, identity, Permission::kView));
  if (IsHere(room, persona_id) || TakesPart(room, identity)) {
    DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
    return AlreadyParticipant();
  }
  return Require(room, identity, Permission::kJoin);
}

absl::Status MayAdd(const Room& room,
                    const Identity& identity,
                    const std::string& persona_id,
                    Role role) {
  DRAMATIS_RETURN_IF_ERROR(RequireRight(room, identity, Permission::kAddParticipant));
  if (role == Role::kModerator) {
    DRAMATIS_RETURN_IF_ERROR(RequireRight(room, identity, Permission::kRemoveParticipant));
  }
  DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
  if (IsHere(room, persona_id)) return AlreadyParticipant();
  return Require(room, identity, Permission::kAddParticipant);
}

// Who was here before comes back as the same participant.
void Enter(ParticipantRow newcomer, Room& room) {
  if (newcomer.persona_id == room.row.persona_id) newcomer.role = Role::kInitiator;
  const auto old =
      std::find_if(room.participants.begin(), room.participants.end(),
                   [&](const auto& row) { return row.persona_id == newcomer.persona_id; });
  if (old == room.participants.end()) {
    newcomer.position = static_cast<int>(room.participants.size());
    room.participants.push_back(std::move(newcomer));
    return;
  }
  newcomer.position = old->position;
  newcomer.revealed = old->revealed;
  *old = std::move(newcomer);
}

// Whoever is let in again reads everything, and may come and go.
void Pardon(const std::string& user_id, Room& room) {
  for (ParticipantRow& row : room.participants) {
    if (row.user_id != user_id) continue;
    row.removed_sequence.reset();
    row.removed_event.reset();
  }
}

absl::StatusOr<Role> RoleOfNewcomer(v1::ParticipantRole role) {
  switch (role) {
    case v1::PARTICIPANT_ROLE_UNSPECIFIED:
    case v1::PARTICIPANT_ROLE_GUEST:
      return Role::kGuest;
    case v1::PARTICIPANT_ROLE_HOST:
      return Role::kHost;
    case v1::PARTICIPANT_ROLE_MODERATOR:
      return Role::kModerator;
    default:
      return FieldErrors({{"role", "must be host, guest or moderator"}});
  }
}

// How the room, or one who takes part in it, is answered to the caller.
auto ShowRoom(const Identity& identity) {
  return [&identity](const Room& room) { return ToConversation(room, identity); };
}
auto ShowParticipant(const std::string& persona_id, const Identity& identity) {
  return [&](const Room& room) {
    const ParticipantRow* const row = FindParticipant(room, persona_id);
    return row == nullptr ? v1::Participant() : ToParticipant(room, *row, identity);
  };
}

}  // namespace

absl::StatusOr<Idempotent<v1::Conversation>> Participants::Join(
    const CallContext& call, const v1::JoinConversationRequest& request) {
  const auto show = ShowRoom(call.identity);
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<Room> room,
      BringIn(
          call, request.conversation_id(), request.persona_id(), Role::kGuest,
          /*own_only=*/true,
          [&](const Room& found) { return MayJoin(found, call.identity, request.persona_id()); },
          {{call, "JoinConversation", request}, show}));
  return FirstAnswer(room, show);
}

absl::StatusOr<Idempotent<v1::Participant>> Participants::Add(
    const CallContext& call, const v1::AddParticipantRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Role role, RoleOfNewcomer(request.role()));
  const auto show = ShowParticipant(request.persona_id(), call.identity);
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<Room> room,
      BringIn(call, request.conversation_id(), request.persona_id(), role, /*own_only=*/false,
              [&](const Room& found) {
                return MayAdd(found, call.identity, request.persona_id(), role);
              },
              {{call, "AddParticipant", request}, show}));
  return FirstAnswer(room, show);
}

absl::StatusOr<Idempotent<Room>> Participants::BringIn(
    const CallContext& call,
    const std::string& conversation_id,
    const std::string& persona_id,
    Role role,
    bool own_only,
    const std::function<absl::Status(const Room& room)>& check,
    const Answering<Room>& once) {
  DRAMATIS_ASSIGN_OR_RETURN(const Room found, FindViewable(tools_, call.identity, conversation_id));
  // The answer to a key that was used before is another one than that of the rules.
  if (call.idempotency_key.empty()) DRAMATIS_RETURN_IF_ERROR(check(found));
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<RenderedPersona> held,
                            HoldPersonas(tools_, call, {persona_id}, conversation_id));
  const RenderedPersona& persona = held.front();
  const absl::Time now = tools_.clock.Now();
  absl::StatusOr<Idempotent<Room>> changed = PermissionError("the persona is not yours");
  // One that was here already may come back to where it is hidden.
  const absl::Status may_bring = FindParticipant(found, persona_id) != nullptr
                                     ? absl::OkStatus()
                                     : MayBring(persona, call.identity);
  if (!may_bring.ok()) {
    changed = may_bring;
  } else if (!own_only || persona.owner_id() == call.identity.user_id) {
    changed = tools_.store.ChangeRoom(
        conversation_id, now,
        [&](Room& room) -> absl::Status {
          DRAMATIS_RETURN_IF_ERROR(check(room));
          ParticipantRow newcomer = NewParticipant(persona, role, call.identity.user_id, now);
          if (newcomer.stands_for_owner()) Pardon(newcomer.user_id, room);
          Enter(std::move(newcomer), room);
          return absl::OkStatus();
        },
        once);
  }
  if (!changed.ok() || changed->replayed) {
    ReleaseUnlessHere(tools_, call, persona.persona_id(), conversation_id);
  } else {
    TellMasks(tools_, call, changed->result);
  }
  return changed;
}

absl::StatusOr<Idempotent<v1::Conversation>> Participants::Leave(
    const CallContext& call, const v1::LeaveConversationRequest& request) {
  const auto show = ShowRoom(call.identity);
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<Room> room,
      SendOut(call, request.conversation_id(), request.persona_id(),
              [&](const Room& found, const ParticipantRow* row) -> absl::Status {
                DRAMATIS_RETURN_IF_ERROR(Require(found, call.identity, Permission::kView));
                if (row == nullptr || !row->present()) return NotParticipant();
                if (row->user_id == call.identity.user_id) return absl::OkStatus();
                return PermissionError("the persona is not yours");
              },
              {{call, "LeaveConversation", request}, show}));
  return FirstAnswer(room, show);
}

absl::StatusOr<v1::Participant> Participants::Get(const CallContext& call,
                                                  const v1::GetParticipantRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Room room,
                            FindViewable(tools_, call.identity, request.conversation_id()));
  const ParticipantRow* const row = FindParticipant(room, request.persona_id());
  if (row == nullptr || !MayMeet(room, *row, call.identity)) return NotFoundError("participant");
  return ToParticipant(room, *row, call.identity);
}

absl::Status Participants::Remove(const CallContext& call,
                                  const v1::RemoveParticipantRequest& request) {
  return SendOut(
             call, request.conversation_id(), request.persona_id(),
             [&](const Room& room, const ParticipantRow* row) -> absl::Status {
               DRAMATIS_RETURN_IF_ERROR(
                   Require(room, call.identity, Permission::kRemoveParticipant));
               DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
               if (row == nullptr || !row->present()) return NotParticipant();
               if (row->role != Role::kInitiator || call.identity.MayManage(row->user_id)) {
                 return absl::OkStatus();
               }
               return NotPermitted(Permission::kRemoveParticipant);
             },
             Idempotency{call, "RemoveParticipant", request})
      .status();
}

absl::StatusOr<Idempotent<Room>> Participants::SendOut(
    const CallContext& call,
    const std::string& conversation_id,
    const std::string& persona_id,
    const std::function<absl::Status(const Room& room, const ParticipantRow* row)>& check,
    const Answering<Room>& once) {
  const absl::Time now = tools_.clock.Now();
  absl::Time held_until;
  absl::StatusOr<Idempotent<Room>> changed = tools_.store.ChangeRoom(
      conversation_id, now,
      [&](Room& room) -> absl::Status {
        DRAMATIS_RETURN_IF_ERROR(check(room, FindParticipant(room, persona_id)));
        // RoomUpkeep gives up the hold where this process does not come to it.
        held_until = std::exchange(room.row.hold_expires_at, now);
        for (ParticipantRow& row : room.participants) {
          if (row.persona_id != persona_id) continue;
          row.left_at = now;
          // Who sends out an own persona leaves.
          if (row.user_id != call.identity.user_id) row.removed_sequence = room.row.last_sequence;
        }
        return absl::OkStatus();
      },
      once);
  if (changed.ok() && !changed->replayed &&
      ReleaseUnlessHere(tools_, call, persona_id, conversation_id)) {
    // A failure costs a look of the upkeep.
    (void)tools_.store.SetRoomHold(conversation_id, changed->result.row.version, held_until);
  }
  return changed;
}

absl::StatusOr<Idempotent<v1::Participant>> Participants::Reveal(
    const CallContext& call, const v1::RevealParticipantRequest& request) {
  const auto show = ShowParticipant(request.persona_id(), call.identity);
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<Room> room,
      tools_.store.RevealParticipant(
          request.conversation_id(), request.persona_id(), tools_.ids.NewId(), tools_.clock.Now(),
          [&](const Room& found) -> absl::Status {
            DRAMATIS_RETURN_IF_ERROR(Require(found, call.identity, Permission::kView));
            const ParticipantRow* const row = FindParticipant(found, request.persona_id());
            if (row == nullptr) return NotParticipant();
            if (call.identity.MayManage(row->user_id)) return absl::OkStatus();
            return PermissionError("only its owner may reveal a participant");
          },
          {{call, "RevealParticipant", request}, show}));
  if (!room.replayed) TellMasks(tools_, call, room.result);
  return FirstAnswer(room, show);
}

}  // namespace dramatis::conversation
