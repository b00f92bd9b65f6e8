// What is answered of a turn that a call has begun or stopped: whole when it has ended, or event by
// event. Holds no thread while the turn runs. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/sessions/alternatives.h"
#include "services/conversation/sessions/chat.h"
#include "services/conversation/turns/requested_turns.h"
#include "services/conversation/turns/turns.h"
#include "shared/call/call.h"
#include "shared/call/event_source.h"
#include "shared/executor/executor.h"

namespace dramatis::conversation {

class TurnAnswers {
 public:
  // Whole answers are finished on `background`. References outlive it and every turn.
  TurnAnswers(conversation::Chat& chat,
              Alternatives& alternatives,
              Turns& turns,
              RequestedTurns& requested,
              Executor& background)
      : chat_(chat),
        alternatives_(alternatives),
        turns_(turns),
        requested_(requested),
        background_(background) {}

  template <class Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;
  template <class Event>
  using Opened = absl::StatusOr<std::unique_ptr<EventSource<Event>>>;

  void Chat(const CallContext& call, const v1::ChatRequest& asked, Done<v1::ChatResponse> done);
  Opened<v1::ChatEvent> StreamChat(const CallContext& call, const v1::ChatRequest& asked);

  void Regenerate(const CallContext& call,
                  const v1::RegenerateTurnRequest& asked,
                  Done<v1::ChatResponse> done);
  Opened<v1::ChatEvent> StreamRegenerate(const CallContext& call,
                                         const v1::RegenerateTurnRequest& asked);

  // Answers when the turn has stopped.
  void Cancel(const CallContext& call, const v1::CancelTurnRequest& asked, Done<v1::Turn> done);

  void Generate(const CallContext& call,
                const v1::GenerateResponseRequest& asked,
                Done<v1::GenerateResponseResponse> done);
  Opened<v1::GenerateResponseEvent> StreamGenerate(const CallContext& call,
                                                   const v1::GenerateResponseRequest& asked);

 private:
  using Turn = absl::StatusOr<std::shared_ptr<LiveTurn>>;
  void AnswerAtEnd(const Turn& turn, Done<v1::ChatResponse> done);
  static Opened<v1::ChatEvent> EventsOf(Turn turn);

  conversation::Chat& chat_;
  Alternatives& alternatives_;
  Turns& turns_;
  RequestedTurns& requested_;
  Executor& background_;
};

}  // namespace dramatis::conversation
