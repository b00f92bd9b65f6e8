#include "services/conversation/sessions/chat.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "services/conversation/model/titles.h"
#include "services/conversation/model/turn_row.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/call/access.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// How many turns one message ends at most: somebody else may begin one as well.
constexpr int kMostInterrupted = 3;
// How long it waits for the end of one.
constexpr absl::Duration kInterruptTime = absl::Seconds(10);

}  // namespace

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
               .payer_key = PackKey(call.identity.key.get()),
               .lease = worker_.NewLease(),
               .now = now,
               .enqueue = request.if_busy() == v1::IF_BUSY_ENQUEUE,
               .correlation_id = call.correlation_id,
               .create = std::nullopt,
               .on_begun = [&](const TurnJob& job) { prompt = worker_.Prepare(job, call); }};

  absl::StatusOr<Idempotent<StartedTurn>> started = StartTurn(request, turn, idempotency);
  for (int i = 0; i < kMostInterrupted && request.if_busy() == v1::IF_BUSY_INTERRUPT &&
                  GetReason(started.status()) == "TURN_IN_PROGRESS";
       ++i) {
    DRAMATIS_RETURN_IF_ERROR(Interrupt(call, started.status()));
    prompt = nullptr;
    turn.now = tools_.clock.Now();
    turn.lease = worker_.NewLease();
    started = StartTurn(request, turn, idempotency);
  }
  if (!started.ok()) return std::move(started).status();

  // It began before, or waits.
  if (!started->result.job.has_value()) {
    DRAMATIS_ASSIGN_OR_RETURN(std::shared_ptr<LiveTurn> live,
                              turns_.Follow(call, started->result.turn_id));
    return Idempotent<std::shared_ptr<LiveTurn>>{.result = std::move(live),
                                                 .replayed = started->replayed};
  }
  return Idempotent<std::shared_ptr<LiveTurn>>{
      .result = worker_.Run(*started->result.job, call, prompt), .replayed = false};
}

absl::StatusOr<Idempotent<StartedTurn>> Chat::StartTurn(const v1::ChatRequest& request,
                                                        NewTurn& turn,
                                                        const Idempotency& idempotency) {
  const CallContext& call = idempotency.call;
  // Most chats go on with a session that exists, or are replays: nobody is asked for those.
  if (!request.session_id().empty() || !call.idempotency_key.empty()) {
    turn.conversation_id = ConversationIdOf(
        call.identity.user_id, request.session_id().empty() ? turn.turn_id : request.session_id());
    DRAMATIS_RETURN_IF_ERROR(CheckKey(call, turn.conversation_id));
    absl::StatusOr<Idempotent<StartedTurn>> started = tools_.turns.StartTurn(turn, idempotency);
    if (!absl::IsNotFound(started.status())) return started;
  }
  return StartInNew(request, turn, idempotency);
}

absl::Status Chat::Interrupt(const CallContext& call, const absl::Status& refusal) {
  v1::CancelTurnRequest request;
  request.set_turn_id(GetFact(refusal, "turn_id"));
  // The key is the message's.
  CallContext own = call;
  own.idempotency_key.clear();
  const absl::StatusOr<Idempotent<Turns::Cancelling>> cancelling = turns_.Cancel(own, request);
  if (absl::IsNotFound(cancelling.status())) return absl::OkStatus();  // deleted meanwhile
  if (!cancelling.ok()) return cancelling.status();
  auto ended = std::make_shared<absl::Notification>();
  WhenEnded(cancelling->result.turn, background_, [ended] { ended->Notify(); });
  const absl::Time deadline = std::min(call.deadline, absl::Now() + kInterruptTime);
  return ended->WaitForNotificationWithDeadline(deadline) ? absl::OkStatus() : refusal;
}

absl::Status Chat::CheckKey(const CallContext& call, const std::string& conversation_id) {
  if (call.identity.key == nullptr || call.identity.key->persona_ids.empty()) {
    return absl::OkStatus();
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> session,
                            tools_.store.FindSession(conversation_id));
  return session.has_value() ? CheckPersona(call.identity, session->persona_id) : absl::OkStatus();
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
