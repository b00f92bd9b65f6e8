// What is said in rooms: saying, reading, editing, hiding. Requests have passed their field rules.
// Thread-safe; blocks.
#pragma once

#include <functional>
#include <utility>

#include "dramatis/conversation/v1/room_messages.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/room_tools.h"
#include "services/conversation/model/turn_store.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class RoomMessages {
 public:
  // `plan` says who answers a message; `planned` is told of turns that a message has just made or
  // moved, and returns at once.
  RoomMessages(const RoomTools& tools,
               TurnPlanner plan,
               std::function<void(const std::vector<WaitingTurn>& turns)> planned)
      : tools_(tools), plan_(std::move(plan)), planned_(std::move(planned)) {}

  absl::StatusOr<Idempotent<v1::CreateMessageResponse>> Create(
      const CallContext& call, const v1::CreateMessageRequest& request);
  absl::StatusOr<v1::ListMessagesResponse> List(const CallContext& call,
                                                const v1::ListMessagesRequest& request);
  absl::StatusOr<v1::ConversationMessage> Get(const CallContext& call,
                                              const v1::GetMessageRequest& request);
  absl::StatusOr<v1::ConversationMessage> Update(const CallContext& call,
                                                 const v1::UpdateMessageRequest& request);
  absl::Status Delete(const CallContext& call, const v1::DeleteMessageRequest& request);

 private:
  const RoomTools tools_;
  const TurnPlanner plan_;
  const std::function<void(const std::vector<WaitingTurn>& turns)> planned_;
};

}  // namespace dramatis::conversation
