#include "services/conversation/rooms/masks.h"

#include <set>
#include <string>

#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

dramatis::persona::v1::SetMasksRequest MasksOf(const Room& room) {
  std::set<std::string> users = {room.row.user_id};
  for (const ParticipantRow& row : room.participants) {
    if (row.stands_for_owner()) users.insert(row.user_id);
  }
  const bool hides = room.row.settings.ambiguous() && !room.row.deleted;
  dramatis::persona::v1::SetMasksRequest request;
  request.set_conversation_id(room.row.conversation_id);
  for (const std::string& user : users) {
    auto& viewer = *request.add_viewers();
    viewer.set_user_id(user);
    for (const ParticipantRow& row : room.participants) {
      if (hides && !row.revealed && row.user_id != user) viewer.add_persona_ids(row.persona_id);
    }
  }
  return request;
}

absl::Status ShareMasks(const RoomTools& tools, const CallContext& call, const Room& room) {
  DRAMATIS_RETURN_IF_ERROR(
      tools.personas.SetMasks(call.AsService(room.row.user_id), MasksOf(room)));
  return tools.store.NoteMasks(room.row.conversation_id, room.row.version);
}

void TellMasks(const RoomTools& tools, const CallContext& call, const Room& room) {
  if (!room.row.settings.ambiguous()) return;
  const absl::Status told = ShareMasks(tools, call, room);
  if (told.ok()) return;
  tools.logger.Warning("masks not told", {{"conversation_id", room.row.conversation_id},
                                          {"correlation_id", call.correlation_id},
                                          {"code", GetReason(told)}});
}

absl::Status MayBring(const RenderedPersona& persona, const Identity& identity) {
  if (!persona.masked() || identity.MayManage(persona.owner_id())) return absl::OkStatus();
  return PermissionError("only its owner may bring in a persona while what it is stays hidden");
}

}  // namespace dramatis::conversation
