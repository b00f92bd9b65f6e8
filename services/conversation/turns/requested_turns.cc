#include "services/conversation/turns/requested_turns.h"

#include <functional>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/model/turn_access.h"
#include "services/conversation/model/turn_row.h"
#include "services/conversation/rooms/rooms.h"
#include "services/conversation/turns/turn_events.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using Event = v1::GenerateResponseEvent;
using Outcome = absl::StatusOr<v1::GenerateResponseResponse>;

// The last event, read when the turn has ended: the stream waits for it without a thread.
class LastEvent {
 public:
  void Set(Outcome outcome) {
    std::function<void()> wake;
    {
      const absl::MutexLock lock(&mutex_);
      outcome_ = std::move(outcome);
      wake = wake_;
    }
    if (wake) wake();
  }
  void OnReady(std::function<void()> wake) {
    const absl::MutexLock lock(&mutex_);
    wake_ = std::move(wake);
  }
  std::optional<Outcome> Get() const {
    const absl::MutexLock lock(&mutex_);
    return outcome_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);
  std::optional<Outcome> outcome_ ABSL_GUARDED_BY(mutex_);
};

class RequestedTurnEvents : public EventSource<Event> {
 public:
  RequestedTurnEvents(v1::GenerateResponseRequest request,
                      std::shared_ptr<LiveTurn> turn,
                      std::shared_ptr<LastEvent> last)
      : request_(std::move(request)),
        events_(std::move(turn), /*resume_at=*/std::nullopt),
        last_(std::move(last)) {}

  Next Poll() override {
    if (ended_) return End();
    TurnEvents::Next next = events_.Poll();
    if (next.end.has_value()) {
      ended_ = true;
      cursor_ = next.event.has_value() ? next.event->cursor() : GetFact(*next.end, kCursorFact);
      return End();
    }
    if (!next.event.has_value()) return {};
    return {.event = Converted(*std::move(next.event)), .end = std::nullopt};
  }
  void OnReady(std::function<void()> wake) override {
    last_->OnReady(wake);
    events_.OnReady(std::move(wake));
  }
  void Cancelled() override { events_.Cancelled(); }

 private:
  Event Converted(v1::ChatEvent from) const {
    Event event;
    event.set_cursor(from.cursor());
    if (from.has_start()) {
      event.mutable_start()->set_turn_id(from.start().turn_id());
      event.mutable_start()->set_conversation_id(request_.conversation_id());
      event.mutable_start()->set_persona_id(request_.persona_id());
    } else if (from.has_delta()) {
      *event.mutable_delta() = std::move(*from.mutable_delta());
    } else {
      *event.mutable_reset() = std::move(*from.mutable_reset());
    }
    return event;
  }
  Next End() const {
    const std::optional<Outcome> outcome = last_->Get();
    if (!outcome.has_value()) return {};
    if (!outcome->ok()) {
      absl::Status error = outcome->status();
      if (!cursor_.empty()) error = WithMetadata(error, {{kCursorFact, cursor_}});
      return {.event = std::nullopt, .end = std::move(error)};
    }
    Event event;
    event.set_cursor(cursor_);
    *event.mutable_done() = **outcome;
    return {.event = std::move(event), .end = absl::OkStatus()};
  }

  const v1::GenerateResponseRequest request_;
  TurnEvents events_;
  const std::shared_ptr<LastEvent> last_;
  bool ended_ = false;
  std::string cursor_;
};

}  // namespace

absl::StatusOr<Idempotent<std::shared_ptr<LiveTurn>>> RequestedTurns::Start(
    const CallContext& call, const v1::GenerateResponseRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(worker_.Ready());
  // Whether the answer is streamed does not make it another request.
  v1::GenerateResponseRequest hashed = request;
  hashed.clear_stream();
  const absl::Time now = tools_.clock.Now();
  const RequestedTurn turn{.conversation_id = request.conversation_id(),
                           .turn_id = tools_.ids.NewId(),
                           .persona_id = request.persona_id(),
                           .trigger_message_id = request.trigger_message_id(),
                           .payer = PayerOf(call),
                           .lease = worker_.NewLease(),
                           .now = now,
                           .check = [&](const Room& room) {
                             return MayHaveSpeak(room, call.identity, request.persona_id());
                           }};
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<StartedRoomTurn> started,
      tools_.turns.StartRequestedTurn(turn, {call, "GenerateResponse", hashed}));
  if (started.result.job.has_value()) {
    return Idempotent<std::shared_ptr<LiveTurn>>{.result = worker_.Run(*started.result.job, call),
                                                 .replayed = false};
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::shared_ptr<LiveTurn> live,
                            turns_.Follow(call, started.result.turn_id));
  return Idempotent<std::shared_ptr<LiveTurn>>{.result = std::move(live), .replayed = true};
}

absl::StatusOr<v1::GenerateResponseResponse> RequestedTurns::Answer(const CallContext& call,
                                                                    const LiveTurn& turn) const {
  DRAMATIS_ASSIGN_OR_RETURN(const v1::ChatResponse outcome, turn.outcome());
  const std::string& conversation_id = turn.facts().conversation_id;
  v1::GenerateResponseResponse response;
  response.set_turn_id(outcome.turn_id());
  *response.mutable_usage() = outcome.usage();
  if (outcome.message_id().empty()) return response;  // stopped before it had said anything
  DRAMATIS_ASSIGN_OR_RETURN(const Room room, FindViewable(rooms_, call.identity, conversation_id));
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<MessageRow> row,
                            rooms_.store.FindRoomMessage(conversation_id, outcome.message_id()));
  if (!row.has_value()) return InternalError("a turn's reply is not there");
  if (!MayRead(room, *row, call.identity)) return NotFoundError("message");
  *response.mutable_message() = ToConversationMessage(room, *row, call.identity);
  return response;
}

std::unique_ptr<EventSource<v1::GenerateResponseEvent>> RequestedTurns::Events(
    const CallContext& call,
    const v1::GenerateResponseRequest& request,
    std::shared_ptr<LiveTurn> turn) const {
  auto last = std::make_shared<LastEvent>();
  WhenEnded(turn, background_, [this, call, turn, last] { last->Set(Answer(call, *turn)); });
  return std::make_unique<RequestedTurnEvents>(request, std::move(turn), std::move(last));
}

}  // namespace dramatis::conversation
