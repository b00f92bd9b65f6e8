// Sessions that begin with the messages of another one. Thread-safe; blocks.
#pragma once

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/transcripts/transcripts.h"
#include "services/conversation/turns/worker.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Forks {
 public:
  Forks(const TurnTools& tools, TurnWorker& worker, Transcripts& transcripts)
      : tools_(tools), worker_(worker), transcripts_(transcripts) {}

  // The new session, its turn begun where something is said anew. Errors: see
  // ConversationService.ForkHistory.
  absl::StatusOr<Idempotent<v1::Session>> Fork(const CallContext& call,
                                               const v1::ForkHistoryRequest& request);

 private:
  const TurnTools tools_;
  TurnWorker& worker_;
  Transcripts& transcripts_;
};

}  // namespace dramatis::conversation
