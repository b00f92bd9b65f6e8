#include "services/conversation/sessions/sessions.h"

#include <optional>
#include <utility>

#include "services/conversation/model/session_views.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {

absl::StatusOr<Idempotent<v1::Session>> Sessions::Create(const CallContext& call,
                                                         const v1::CreateSessionRequest& request) {
  NewSession session;
  session.session_id = tools_.ids.NewId();
  session.persona_id = request.persona_id();
  session.title = std::string(TrimSpace(request.title()));
  if (request.has_metadata()) session.metadata = request.metadata().SerializeAsString();
  session.temporary = request.temporary();
  session.greeting_index = request.greeting_index();
  if (request.has_ttl_seconds()) session.ttl = absl::Seconds(request.ttl_seconds());
  DRAMATIS_ASSIGN_OR_RETURN(const SessionRow row, PrepareSession(tools_, call, session));
  const auto show = [now = tools_.clock.Now()](const SessionRow& made) {
    return ToSession(made, now);
  };
  absl::StatusOr<Idempotent<SessionRow>> created =
      tools_.store.CreateSession(row, {{call, "CreateSession", request}, show});
  // The id is new: whatever was not made needs no hold.
  if (!created.ok() || created->replayed) ReleaseUnlessLive(tools_, call, row);
  if (!created.ok()) return std::move(created).status();
  return FirstAnswer(*created, show);
}

absl::StatusOr<v1::Session> Sessions::Get(const CallContext& call,
                                          const v1::GetSessionRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::optional<SessionRow> row,
      tools_.store.FindSession(ConversationIdOf(call.identity.user_id, request.session_id())));
  if (!row.has_value()) return NotFoundError("session");
  return ToSession(*row, tools_.clock.Now());
}

absl::StatusOr<Idempotent<v1::Session>> Sessions::End(const CallContext& call,
                                                      const v1::EndSessionRequest& request) {
  const absl::Time now = tools_.clock.Now();
  const auto show = [now](const SessionRow& row) { return ToSession(row, now); };
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<SessionRow> ended,
      tools_.store.EndSession(ConversationIdOf(call.identity.user_id, request.session_id()), now,
                              {{call, "EndSession", request}, show}));
  // Not for one that had ended before. What fails is left to SessionUpkeep.
  const SessionRow& row = ended.result;
  if (row.ended_at == now && ReleaseHold(tools_, call, row)) (void)tools_.store.ClearHold(row);
  if (row.temporary) (void)tools_.store.DropTemporary(row, now);
  return FirstAnswer(ended, show);
}

}  // namespace dramatis::conversation
