#include "services/conversation/rooms/upkeep.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/rooms/holds.h"
#include "services/conversation/rooms/masks.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

constexpr int kRoomsAtOnce = 64;
// Half of kHoldTime is left when a hold is renewed: enough for persona to be away for days.
constexpr absl::Duration kRenewBefore = absl::Hours(84);

CallContext OwnCall(const RoomRow& row) {
  CallContext call;
  call.identity.user_id = row.user_id;
  call.correlation_id = absl::StrCat("room-", row.conversation_id);
  return call;
}

}  // namespace

absl::Status RoomUpkeep::Run(const std::function<bool()>& ending) {
  const absl::Status closed = CloseOverdue();
  const absl::Status tended = TendHolds(ending);
  const absl::Status shared = ShareDueMasks(ending);
  if (!closed.ok()) return closed;
  return tended.ok() ? shared : tended;
}

absl::Status RoomUpkeep::ShareDueMasks(const std::function<bool()>& ending) {
  while (!ending()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<Room> rooms,
                              tools_.store.ListMasksDue(kRoomsAtOnce));
    for (const Room& room : rooms)
      DRAMATIS_RETURN_IF_ERROR(ShareMasks(tools_, OwnCall(room.row), room));
    if (static_cast<int>(rooms.size()) < kRoomsAtOnce) break;
  }
  return absl::OkStatus();
}

absl::Status RoomUpkeep::CloseOverdue() {
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> closed,
                              tools_.store.CloseOverdueRooms(tools_.clock.Now(), kRoomsAtOnce));
    if (!closed.empty())
      tools_.logger.Info("rooms closed in time", {{"count", static_cast<int>(closed.size())}});
    if (static_cast<int>(closed.size()) < kRoomsAtOnce) return absl::OkStatus();
  }
}

absl::Status RoomUpkeep::TendHolds(const std::function<bool()>& ending) {
  const absl::Time now = tools_.clock.Now();
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<Room> rooms,
                            tools_.store.ListHolds(now + kRenewBefore, kRoomsAtOnce));
  for (const Room& room : rooms) {
    if (ending()) break;
    if (room.row.closed()) {
      ReleaseRoom(tools_, OwnCall(room.row), room);
      continue;
    }
    if (!ReleaseWhoLeft(room, now)) continue;
    const absl::Status renewed = Renew(room, now + kHoldTime);
    // Where persona is away nobody waits for it once for each room.
    if (absl::IsUnavailable(renewed) || absl::IsDeadlineExceeded(renewed)) return renewed;
    if (!renewed.ok()) {
      tools_.logger.Warning("personas not held", {{"conversation_id", room.row.conversation_id},
                                                  {"code", GetReason(renewed)}});
      continue;
    }
    DRAMATIS_RETURN_IF_ERROR(
        tools_.store.SetRoomHold(room.row.conversation_id, room.row.version, now + kHoldTime));
  }
  return absl::OkStatus();
}

bool RoomUpkeep::ReleaseWhoLeft(const Room& room, absl::Time now) {
  for (const ParticipantRow& row : room.participants) {
    if (row.present() || !MayBeHeld(row, now)) continue;
    if (!ReleasePersona(tools_, OwnCall(room.row), row.persona_id, room.row.conversation_id)) {
      return false;
    }
  }
  return true;
}

absl::Status RoomUpkeep::Renew(const Room& room, absl::Time until) {
  for (const ParticipantRow& row : room.participants) {
    if (!row.present()) continue;
    dramatis::persona::v1::RenderPersonaRequest request;
    request.set_persona_id(row.persona_id);
    request.set_user_id(room.row.user_id);
    request.set_participant(true);
    request.set_hold_conversation_id(room.row.conversation_id);
    *request.mutable_hold_expire_time() = ToTimestamp(until);
    const CallContext call = OwnCall(room.row).AsService(room.row.user_id);
    const absl::Status held = tools_.personas.Render(call, request).get().status();
    if (!held.ok() && !absl::IsNotFound(held)) return held;  // what is gone cannot be held
  }
  return absl::OkStatus();
}

}  // namespace dramatis::conversation
