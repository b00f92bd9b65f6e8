// Sessions: making, reading, ending. All the caller's own. Thread-safe; blocks.
#pragma once

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Sessions {
 public:
  explicit Sessions(const TurnTools& tools) : tools_(tools) {}

  absl::StatusOr<Idempotent<v1::Session>> Create(const CallContext& call,
                                                 const v1::CreateSessionRequest& request);
  absl::StatusOr<v1::Session> Get(const CallContext& call, const v1::GetSessionRequest& request);
  // A turn that runs goes on: its reply is stored.
  absl::StatusOr<Idempotent<v1::Session>> End(const CallContext& call,
                                              const v1::EndSessionRequest& request);

 private:
  const TurnTools tools_;
};

}  // namespace dramatis::conversation
