// Having an AI participant speak now, whatever turn-taking says. Thread-safe; blocks.
#pragma once

#include <memory>

#include "dramatis/conversation/v1/room_messages.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/room_tools.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/turns/turns.h"
#include "services/conversation/turns/worker.h"
#include "shared/call/call.h"
#include "shared/call/event_source.h"
#include "shared/executor/executor.h"

namespace dramatis::conversation {

class RequestedTurns {
 public:
  // Answers are read on `background`.
  RequestedTurns(const TurnTools& tools,
                 const RoomTools& rooms,
                 TurnWorker& worker,
                 Turns& turns,
                 Executor& background)
      : tools_(tools), rooms_(rooms), worker_(worker), turns_(turns), background_(background) {}

  // The turn to follow. A replayed Idempotency-Key gives the turn that its first use began. Errors:
  // see ConversationService.GenerateResponse.
  absl::StatusOr<Idempotent<std::shared_ptr<LiveTurn>>> Start(
      const CallContext& call, const v1::GenerateResponseRequest& request);

  // What a turn that has ended answers: its message, as the caller may see it, or its error.
  absl::StatusOr<v1::GenerateResponseResponse> Answer(const CallContext& call,
                                                      const LiveTurn& turn) const;

  // The turn's events from its beginning. Must end before this object does.
  std::unique_ptr<EventSource<v1::GenerateResponseEvent>> Events(
      const CallContext& call,
      const v1::GenerateResponseRequest& request,
      std::shared_ptr<LiveTurn> turn) const;

 private:
  const TurnTools tools_;
  const RoomTools rooms_;
  TurnWorker& worker_;
  Turns& turns_;
  Executor& background_;
};

}  // namespace dramatis::conversation
