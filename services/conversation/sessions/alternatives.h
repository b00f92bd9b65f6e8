// Several answers to one message of a session: asking for another one, and choosing which counts.
// Thread-safe; blocks.
#pragma once

#include <memory>
#include <string>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/turns/turns.h"
#include "services/conversation/turns/worker.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Alternatives {
 public:
  Alternatives(const TurnTools& tools, TurnWorker& worker, Turns& turns)
      : tools_(tools), worker_(worker), turns_(turns) {}

  // The turn to follow. A replayed Idempotency-Key gives the turn that its first use began,
  // streamed or not. Errors: see ConversationService.RegenerateTurn.
  absl::StatusOr<Idempotent<std::shared_ptr<LiveTurn>>> Regenerate(
      const CallContext& call, const v1::RegenerateTurnRequest& request);

  absl::StatusOr<v1::ListAlternativesResponse> List(const CallContext& call,
                                                    const v1::ListAlternativesRequest& request);

  // Errors: see ConversationService.SelectAlternative.
  absl::StatusOr<Idempotent<v1::Turn>> Select(const CallContext& call,
                                              const v1::SelectAlternativeRequest& request);

 private:
  // A turn of one of the caller's sessions; `reads`: an admin may read everybody's.
  absl::StatusOr<TurnRow> Find(const CallContext& call, const std::string& turn_id, bool reads);

  const TurnTools tools_;
  TurnWorker& worker_;
  Turns& turns_;
};

}  // namespace dramatis::conversation
