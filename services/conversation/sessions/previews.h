// What a chat would ask a model. Reads only; thread-safe; blocks.
#pragma once

#include "dramatis/conversation/v1/preview.pb.h"
#include "dramatis/conversation/v1/sessions.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/turn_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Previews {
 public:
  explicit Previews(const TurnTools& tools) : tools_(tools) {}

  // Errors: see ConversationService.PreviewChat.
  absl::StatusOr<v1::ChatPreview> Preview(const CallContext& call, const v1::ChatRequest& request);

 private:
  const TurnTools tools_;
};

}  // namespace dramatis::conversation
