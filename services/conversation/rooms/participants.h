// Who comes into a room, leaves it, is sent out or revealed. Requests have passed their field
// rules. Thread-safe; blocks.
//
// Rights do not pass on when the initiator leaves: see model/permissions.h. Who was in a room may
// view it for good.
#pragma once

#include "dramatis/conversation/v1/rooms.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/room_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Participants {
 public:
  explicit Participants(const RoomTools& tools) : tools_(tools) {}

  absl::StatusOr<Idempotent<v1::Conversation>> Join(const CallContext& call,
                                                    const v1::JoinConversationRequest& request);
  absl::StatusOr<Idempotent<v1::Conversation>> Leave(const CallContext& call,
                                                     const v1::LeaveConversationRequest& request);
  // A `moderator` is made by whoever may do what one may: canRemoveParticipant.
  absl::StatusOr<Idempotent<v1::Participant>> Add(const CallContext& call,
                                                  const v1::AddParticipantRequest& request);
  absl::StatusOr<v1::Participant> Get(const CallContext& call,
                                      const v1::GetParticipantRequest& request);
  // The initiator is sent out by its owner and admins only.
  absl::Status Remove(const CallContext& call, const v1::RemoveParticipantRequest& request);
  absl::StatusOr<Idempotent<v1::Participant>> Reveal(const CallContext& call,
                                                     const v1::RevealParticipantRequest& request);

 private:
  // Holds the persona and brings it in if `check` allows.
  absl::StatusOr<Idempotent<Room>> BringIn(
      const CallContext& call,
      const std::string& conversation_id,
      const std::string& persona_id,
      Role role,
      bool own_only,
      const std::function<absl::Status(const Room& room)>& check,
      const Answering<Room>& once);
  // Marks the persona as gone if `check` allows, and gives up its hold.
  absl::StatusOr<Idempotent<Room>> SendOut(
      const CallContext& call,
      const std::string& conversation_id,
      const std::string& persona_id,
      const std::function<absl::Status(const Room& room, const ParticipantRow* row)>& check,
      const Answering<Room>& once);

  const RoomTools tools_;
};

}  // namespace dramatis::conversation
