#include "services/conversation/sessions/upkeep.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

constexpr int kSessionsAtOnce = 64;

CallContext OwnCall(const SessionRow& session) {
  CallContext call;
  call.identity.user_id = session.user_id;
  call.correlation_id = absl::StrCat("session-", session.conversation_id);
  return call;
}

}  // namespace

absl::Status SessionUpkeep::Run(const std::function<bool()>& ending) {
  const absl::Time now = tools_.clock.Now();
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<SessionRow> sessions,
                            tools_.store.ListSessionHolds(now, kSessionsAtOnce));
  for (const SessionRow& session : sessions) {
    if (ending()) break;
    const absl::Status tended = Tend(session, now);
    // Where persona is away nobody waits for it once for each session.
    if (absl::IsUnavailable(tended) || absl::IsDeadlineExceeded(tended)) return tended;
    if (!tended.ok()) {
      tools_.logger.Warning("session not kept up", {{"conversation_id", session.conversation_id},
                                                    {"code", GetReason(tended)}});
    }
  }
  return absl::OkStatus();
}

absl::Status SessionUpkeep::Tend(const SessionRow& session, absl::Time now) {
  if (session.ended_at.has_value() || session.expires_at <= now) return GiveUp(session, now);
  const absl::Status held = RenewHold(tools_, OwnCall(session), session);
  if (!held.ok() && !absl::IsNotFound(held)) return held;  // what is gone cannot be held
  return tools_.store.SetHold(session.conversation_id, HoldUntil(session));
}

absl::Status SessionUpkeep::GiveUp(const SessionRow& session, absl::Time now) {
  // One that has ended by itself needs nobody.
  if (session.ended_at.has_value() || session.hold_expires_at > now) {
    DRAMATIS_RETURN_IF_ERROR(tools_.personas.Release(OwnCall(session).AsService(session.user_id),
                                                     session.persona_id, session.conversation_id));
  }
  // Without effect while its last turn runs: its hold stays to be given up.
  if (session.temporary) {
    DRAMATIS_RETURN_IF_ERROR(tools_.store.DropTemporary(session, now));
    if (!session.active_turn_id.empty()) return absl::OkStatus();
  }
  DRAMATIS_ASSIGN_OR_RETURN(const bool cleared, tools_.store.ClearHold(session));
  if (cleared) return absl::OkStatus();
  // Another session has begun under the same id: it may have lost its hold here.
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> other,
                            tools_.store.FindSession(session.conversation_id));
  if (!other.has_value() || other->ended_at.has_value() || other->expires_at <= now) {
    return absl::OkStatus();
  }
  return RenewHold(tools_, OwnCall(*other), *other);
}

}  // namespace dramatis::conversation
