// The use cases of rooms: opening, finding, changing, pausing, closing, deleting. Requests have
// passed their field rules; what a caller may do is said by model/permissions.h. Thread-safe;
// blocks.
#pragma once

#include <string>

#include "dramatis/conversation/v1/rooms.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/room_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

// The room as it is now, closed if its time is over, for a caller who may view it. NOT_FOUND.
absl::StatusOr<Room> FindViewable(const RoomTools& tools,
                                  const Identity& identity,
                                  const std::string& conversation_id);

class Rooms {
 public:
  explicit Rooms(const RoomTools& tools) : tools_(tools) {}

  absl::StatusOr<Idempotent<v1::Conversation>> Create(const CallContext& call,
                                                      const v1::CreateConversationRequest& request);
  absl::StatusOr<v1::ListConversationsResponse> List(const CallContext& call,
                                                     const v1::ListConversationsRequest& request);
  absl::StatusOr<v1::Conversation> Get(const CallContext& call,
                                       const v1::GetConversationRequest& request);
  absl::StatusOr<Idempotent<v1::Conversation>> Update(const CallContext& call,
                                                      const v1::UpdateConversationRequest& request);
  absl::Status Delete(const CallContext& call, const v1::DeleteConversationRequest& request);
  absl::StatusOr<Idempotent<v1::Conversation>> Close(const CallContext& call,
                                                     const v1::CloseConversationRequest& request);
  absl::StatusOr<Idempotent<v1::Conversation>> Pause(const CallContext& call,
                                                     const v1::PauseConversationRequest& request);
  absl::StatusOr<Idempotent<v1::Conversation>> Resume(const CallContext& call,
                                                      const v1::ResumeConversationRequest& request);

 private:
  absl::StatusOr<v1::ListConversationsResponse> Search(const CallContext& call,
                                                       const v1::ListConversationsRequest& request,
                                                       RoomFilter filter);
  // Applies `change` at `now` if the caller may close the room and its If-Match, if any, is met;
  // gives up the holds of a room that it closed.
  absl::StatusOr<Idempotent<v1::Conversation>> Change(const CallContext& call,
                                                      const std::string& conversation_id,
                                                      absl::Time now,
                                                      const RoomChange& change,
                                                      const Idempotency& idempotency);

  const RoomTools tools_;
};

}  // namespace dramatis::conversation
