// Saying something in a session: the message is stored and its turn begun before a model is called.
// Thread-safe; blocks.
#pragma once

#include <memory>
#include <string>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/turns/turns.h"
#include "services/conversation/turns/worker.h"
#include "shared/call/call.h"
#include "shared/executor/executor.h"

namespace dramatis::conversation {

class Chat {
 public:
  // Ends of turns that give way are told on `background`.
  Chat(const TurnTools& tools, TurnWorker& worker, Turns& turns, Executor& background)
      : tools_(tools), worker_(worker), turns_(turns), background_(background) {}

  // The turn to follow. A replayed Idempotency-Key gives the turn that its first use began,
  // streamed or not. Errors: see ConversationService.Chat.
  absl::StatusOr<Idempotent<std::shared_ptr<LiveTurn>>> Start(const CallContext& call,
                                                              const v1::ChatRequest& request);

 private:
  absl::StatusOr<Idempotent<StartedTurn>> StartTurn(const v1::ChatRequest& request,
                                                    NewTurn& turn,
                                                    const Idempotency& idempotency);
  // Cancels the turn that `refusal` names and waits for its end.
  absl::Status Interrupt(const CallContext& call, const absl::Status& refusal);
  absl::StatusOr<Idempotent<StartedTurn>> StartInNew(const v1::ChatRequest& request,
                                                     NewTurn& turn,
                                                     const Idempotency& idempotency);
  // Whether the caller's key is for the persona of the session, where there is one.
  absl::Status CheckKey(const CallContext& call, const std::string& conversation_id);

  const TurnTools tools_;
  TurnWorker& worker_;
  Turns& turns_;
  Executor& background_;
};

}  // namespace dramatis::conversation
