#include "services/conversation/rooms/holds.h"

#include <future>
#include <optional>
#include <utility>

#include "services/conversation/model/room_views.h"
#include "services/conversation/model/session_views.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

namespace persona = dramatis::persona::v1;

PersonaKind KindOf(persona::PersonaType type) {
  switch (type) {
    case persona::PERSONA_TYPE_AI_AGENT:
      return PersonaKind::kAgent;
    case persona::PERSONA_TYPE_AI_AMBIGUOUS:
      return PersonaKind::kAmbiguous;
    default:
      return PersonaKind::kHuman;
  }
}

}  // namespace

absl::StatusOr<std::vector<RenderedPersona>> HoldPersonas(
    const RoomTools& tools,
    const CallContext& call,
    const std::vector<std::string>& persona_ids,
    const std::string& conversation_id) {
  const std::string& user_id = call.identity.user_id;
  std::vector<std::future<absl::StatusOr<RenderedPersona>>> answers;
  for (const std::string& persona_id : persona_ids) {
    persona::RenderPersonaRequest request;
    request.set_persona_id(persona_id);
    request.set_user_id(user_id);
    request.set_hold_conversation_id(conversation_id);
    *request.mutable_hold_expire_time() = ToTimestamp(tools.clock.Now() + kHoldTime);
    answers.push_back(tools.personas.Render(call.AsService(user_id), request));
  }
  std::vector<RenderedPersona> held;
  absl::Status failure;
  for (auto& answer : answers) {
    absl::StatusOr<RenderedPersona> rendered = answer.get();
    if (rendered.ok()) {
      held.push_back(*std::move(rendered));
    } else if (failure.ok()) {
      failure = rendered.status();
    }
  }
  if (failure.ok()) return held;
  for (const RenderedPersona& rendered : held)
    ReleaseUnlessHere(tools, call, rendered.persona_id(), conversation_id);
  return failure;
}

bool ReleasePersona(const RoomTools& tools,
                    const CallContext& call,
                    const std::string& persona_id,
                    const std::string& conversation_id) {
  const absl::Status released =
      tools.personas.Release(call.AsService(call.identity.user_id), persona_id, conversation_id);
  if (released.ok()) return true;
  tools.logger.Warning("persona not released", {{"conversation_id", conversation_id},
                                                {"correlation_id", call.correlation_id},
                                                {"code", GetReason(released)}});
  return false;
}

bool ReleaseUnlessHere(const RoomTools& tools,
                       const CallContext& call,
                       const std::string& persona_id,
                       const std::string& conversation_id) {
  const absl::StatusOr<std::optional<Room>> room = tools.store.FindRoom(conversation_id);
  if (!room.ok()) return false;  // nobody knows
  if (room->has_value() && !(*room)->row.closed()) {
    const ParticipantRow* const row = FindParticipant(**room, persona_id);
    if (row != nullptr && row->present()) return true;
  }
  return ReleasePersona(tools, call, persona_id, conversation_id);
}

bool MayBeHeld(const ParticipantRow& row, absl::Time now) {
  return row.present() || now < *row.left_at + kHoldTime;
}

void ReleaseRoom(const RoomTools& tools, const CallContext& call, const Room& room) {
  if (room.row.hold_expires_at == absl::UnixEpoch()) return;
  for (const ParticipantRow& row : room.participants) {
    if (!MayBeHeld(row, tools.clock.Now())) continue;
    // Where persona is away nobody waits for it once for each.
    if (!ReleasePersona(tools, call, row.persona_id, room.row.conversation_id)) return;
  }
  const absl::Status noted =
      tools.store.SetRoomHold(room.row.conversation_id, room.row.version, absl::UnixEpoch());
  if (noted.ok()) return;
  tools.logger.Warning("released personas not noted",
                       {{"conversation_id", room.row.conversation_id},
                        {"correlation_id", call.correlation_id},
                        {"code", GetReason(noted)}});
}

ParticipantRow NewParticipant(const RenderedPersona& rendered,
                              Role role,
                              const std::string& brought_by,
                              absl::Time now) {
  ParticipantRow row;
  row.persona_id = rendered.persona_id();
  row.user_id = rendered.owner_id();
  row.brought_by = brought_by;
  row.name = rendered.name();
  row.kind = KindOf(rendered.type());
  row.role = role;
  RenderedPersona facts = rendered;
  facts.clear_prompt();
  facts.clear_lore();
  facts.clear_alternate_greetings();
  facts.clear_group_only_greetings();
  row.facts = facts.SerializeAsString();
  row.joined_at = now;
  return row;
}

}  // namespace dramatis::conversation
