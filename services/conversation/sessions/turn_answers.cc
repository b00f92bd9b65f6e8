#include "services/conversation/sessions/turn_answers.h"

#include <optional>
#include <utility>

#include "shared/call/answer_headers.h"

namespace dramatis::conversation {

void TurnAnswers::Chat(const CallContext& call,
                       const v1::ChatRequest& asked,
                       Done<v1::ChatResponse> done) {
  AnswerAtEnd(Marked(call, chat_.Start(call, asked)), std::move(done));
}

TurnAnswers::Opened<v1::ChatEvent> TurnAnswers::StreamChat(const CallContext& call,
                                                           const v1::ChatRequest& asked) {
  return EventsOf(Marked(call, chat_.Start(call, asked)));
}

void TurnAnswers::Regenerate(const CallContext& call,
                             const v1::RegenerateTurnRequest& asked,
                             Done<v1::ChatResponse> done) {
  AnswerAtEnd(Marked(call, alternatives_.Regenerate(call, asked)), std::move(done));
}

TurnAnswers::Opened<v1::ChatEvent> TurnAnswers::StreamRegenerate(
    const CallContext& call, const v1::RegenerateTurnRequest& asked) {
  return EventsOf(Marked(call, alternatives_.Regenerate(call, asked)));
}

void TurnAnswers::Cancel(const CallContext& call,
                         const v1::CancelTurnRequest& asked,
                         Done<v1::Turn> done) {
  const absl::StatusOr<Turns::Cancelling> cancelling = Marked(call, turns_.Cancel(call, asked));
  if (!cancelling.ok()) return done(cancelling.status());
  if (cancelling->replayed.has_value()) return done(*cancelling->replayed);
  WhenEnded(cancelling->turn, background_,
            [this, call, asked, done = std::move(done)] { done(turns_.Cancelled(call, asked)); });
}

void TurnAnswers::Generate(const CallContext& call,
                           const v1::GenerateResponseRequest& asked,
                           Done<v1::GenerateResponseResponse> done) {
  const Turn turn = Marked(call, requested_.Start(call, asked));
  if (!turn.ok()) return done(turn.status());
  WhenEnded(*turn, background_, [this, call, turn = *turn, done = std::move(done)] {
    done(requested_.Answer(call, *turn));
  });
}

TurnAnswers::Opened<v1::GenerateResponseEvent> TurnAnswers::StreamGenerate(
    const CallContext& call, const v1::GenerateResponseRequest& asked) {
  Turn turn = Marked(call, requested_.Start(call, asked));
  if (!turn.ok()) return std::move(turn).status();
  return requested_.Events(call, asked, *std::move(turn));
}

void TurnAnswers::AnswerAtEnd(const Turn& turn, Done<v1::ChatResponse> done) {
  if (!turn.ok()) return done(turn.status());
  WhenEnded(*turn, background_, [turn = *turn, done = std::move(done)] { done(turn->outcome()); });
}

TurnAnswers::Opened<v1::ChatEvent> TurnAnswers::EventsOf(Turn turn) {
  if (!turn.ok()) return std::move(turn).status();
  return std::make_unique<TurnEvents>(*std::move(turn), /*resume_at=*/std::nullopt);
}

}  // namespace dramatis::conversation
