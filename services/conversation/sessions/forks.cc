#include "services/conversation/sessions/forks.h"

#include <optional>
#include <utility>

#include "services/conversation/model/session_views.h"
#include "services/conversation/model/titles.h"
#include "services/conversation/model/turn_row.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/names.h"

namespace dramatis::conversation {

absl::StatusOr<Idempotent<v1::Session>> Forks::Fork(const CallContext& call,
                                                    const v1::ForkHistoryRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(worker_.Ready());
  if (request.has_message() && IsBlank(request.message())) {
    return FieldErrors({{"message", "must not be empty"}});
  }
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::optional<SessionRow> source,
      tools_.store.FindSession(ConversationIdOf(call.identity.user_id, request.session_id())));
  if (!source.has_value()) return NotFoundError("session");
  DRAMATIS_RETURN_IF_ERROR(transcripts_.BringBack(source->conversation_id));
  NewSession session;
  session.session_id = tools_.ids.NewId();
  session.persona_id = source->persona_id;
  session.metadata = source->metadata;
  session.ttl = source->ttl;
  session.temporary = source->temporary;
  session.greets = false;
  NewFork fork{.session = {},
               .source_conversation_id = source->conversation_id,
               .sequence = request.sequence(),
               .turn = std::nullopt,
               .new_id = [this] { return tools_.ids.NewId(); }};
  DRAMATIS_ASSIGN_OR_RETURN(fork.session, PrepareSession(tools_, call, session));
  fork.session.title = source->title;
  fork.session.title_given = source->title_given;
  if (request.has_message()) {
    fork.turn = NewTurn{.conversation_id = fork.session.conversation_id,
                        .turn_id = tools_.ids.NewId(),
                        .message_id = tools_.ids.NewId(),
                        .message = request.message(),
                        .title = TitleOf(request.message()),
                        .persona_id = "",
                        .payer_key = PackKey(call.identity.key.get()),
                        .lease = worker_.NewLease(),
                        .now = fork.session.created_at,
                        .create = std::nullopt};
  }
  const auto show = [now = fork.session.created_at](const ForkedSession& forked) {
    v1::Session made = ToSession(forked.session, now);
    if (forked.job.has_value()) made.set_turn_id(forked.job->turn.turn_id);
    return made;
  };
  absl::StatusOr<Idempotent<ForkedSession>> forked =
      tools_.turns.ForkSession(fork, {{call, "ForkHistory", request}, show});
  // The id is new: whatever was not made needs no hold.
  if (!forked.ok() || forked->replayed) ReleaseUnlessLive(tools_, call, fork.session);
  if (!forked.ok()) return std::move(forked).status();
  if (forked->result.job.has_value()) worker_.Run(*forked->result.job, call);
  return FirstAnswer(*forked, show);
}

}  // namespace dramatis::conversation
