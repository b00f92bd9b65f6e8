#include "services/conversation/sessions/chat.h"

#include <utility>

#include "services/conversation/model/titles.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

absl::StatusOr<Idempotent<std::shared_ptr<LiveTurn>>> Chat::Start(const CallContext& call,
                                                                  const v1::ChatRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(worker_.Ready());
  // Whether the answer is streamed does not make it another request.
  v1::ChatRequest hashed = request;
  hashed.clear_stream();
  const Idempotency idempotency{call, "Chat", hashed};
  const absl::Time now = tools_.clock.Now();
  std::shared_ptr<PendingPrompt> prompt;  // prepared while the turn is written to the disk
  NewTurn turn{.conversation_id = "",
               .turn_id = tools_.ids.NewId(),
               .message_id = tools_.ids.NewId(),
               .message = request.message(),
               .title = TitleOf(request.message()),
               .persona_id = request.persona_id(),
               .lease = worker_.NewLease(),
               .now = now,
               .create = std::nullopt,
               .on_begun = [&](const TurnJob& job) { prompt = worker_.Prepare(job, call); }};

  absl::StatusOr<Idempotent<StartedTurn>> started = absl::NotFoundError("");
  // Most chats go on with a session that exists, or are replays: nobody is asked for those.
  if (!request.session_id().empty() || !call.idempotency_key.empty()) {
    turn.conversation_id = ConversationIdOf(
        call.identity.user_id, request.session_id().empty() ? turn.turn_id : request.session_id());
    started = tools_.turns.StartTurn(turn, idempotency);
  }
  if (absl::IsNotFound(started.status())) started = StartInNew(request, turn, idempotency);
  if (!started.ok()) return std::move(started).status();

  if (!started->result.job.has_value()) {
    DRAMATIS_ASSIGN_OR_RETURN(std::shared_ptr<LiveTurn> live,
                              turns_.Follow(call, started->result.turn_id));
    return Idempotent<std::shared_ptr<LiveTurn>>{.result = std::move(live), .replayed = true};
  }
  return Idempotent<std::shared_ptr<LiveTurn>>{
      .result = worker_.Run(*started->result.job, call, prompt), .replayed = false};
}

absl::StatusOr<Idempotent<StartedTurn>> Chat::StartInNew(const v1::ChatRequest& request,
                                                         NewTurn& turn,
                                                         const Idempotency& idempotency) {
  NewSession session;
  session.session_id = request.session_id().empty() ? tools_.ids.NewId() : request.session_id();
  session.persona_id = request.persona_id();
  DRAMATIS_ASSIGN_OR_RETURN(turn.create, PrepareSession(tools_, idempotency.call, session));
  turn.conversation_id = turn.create->conversation_id;
  turn.now = turn.create->created_at;  // a session is not younger than its first message
  turn.lease = worker_.NewLease();
  // Persona may know the one that was asked for by another name.
  turn.persona_id = request.persona_id().empty() ? "" : turn.create->persona_id;
  absl::StatusOr<Idempotent<StartedTurn>> started = tools_.turns.StartTurn(turn, idempotency);
  // Under a client's id there may be a session by now that needs the hold.
  if (!started.ok() || started->replayed) {
    ReleaseUnlessLive(tools_, idempotency.call, *turn.create);
  }
  return started;
}

}  // namespace dramatis::conversation
