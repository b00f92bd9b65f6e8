// What conversation keeps of turns in rooms, beyond what model/store.h says of any turn. As there,
// each function is one transaction, and events are appended in it as model/room_store.h says.
//
// A room's turn waits as `pending`, attempt 0, until it is due; whoever claims it first runs it
// under a lease. A persona runs one turn in a room at a time: its next one waits for the end.
// Checkpoint, BeginAttempt, ReleaseTurn, FindTurn and RequestCancel of Store serve these turns too.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/room_store.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

// A turn that waits until its time has come.
struct WaitingTurn {
  std::string conversation_id;
  std::string turn_id;
  absl::Time due_at;
};

struct RoomTurnEnd {
  EndResult result = EndResult::kEnded;
  // Of the room: turns made by the reply, and those that waited for this one's end.
  std::vector<WaitingTurn> waiting;
};

// A turn that somebody asks for.
struct RequestedTurn {
  std::string conversation_id;
  std::string turn_id;
  std::string persona_id;
  std::string trigger_message_id;  // empty for the newest
  Lease lease;
  absl::Time now;
  // Refuses, in the transaction, what the room or the caller does not allow.
  std::function<absl::Status(const Room& room)> check;
};

struct StartedRoomTurn {
  std::string turn_id;
  std::optional<TurnJob> job;  // unless replayed
};

// How a reply came about.
struct RepliedTurn {
  TurnRow turn;
  std::string manifest;  // serialized dramatis.prompt.v1.PromptManifest
};

class RoomTurnStore {
 public:
  virtual ~RoomTurnStore() = default;

  // Turns of rooms that nobody works on: due at `now`, or their lease expired; with `any_lease`,
  // also those under a lease. At most `limit`, the most urgent first.
  virtual absl::StatusOr<std::vector<WaitingTurn>> ListDue(absl::Time now,
                                                           bool any_lease,
                                                           int limit) = 0;
  // Takes such a turn for its next attempt under `lease`; one that is to be cancelled need not be
  // due. nullopt where somebody else has it, it is not due, it has ended, or its persona runs
  // another one in the room; also where the message that it answers was hidden before it began,
  // which ends it: cancelled, MESSAGE_HIDDEN.
  virtual absl::StatusOr<std::optional<TurnJob>> Claim(const WaitingTurn& turn,
                                                       const Lease& lease,
                                                       absl::Time now,
                                                       bool any_lease) = 0;
  // Makes a turn that is due now and runs under `request.lease`: a new one, or the persona's own
  // that has not begun, or one that failed or was stopped answering the same message. NOT_FOUND;
  // what `check` answers; TURN_IN_PROGRESS, ALREADY_ANSWERED, both with `turn_id`;
  // VALIDATION_FAILED for a `trigger_message_id` that is not in the room.
  virtual absl::StatusOr<Idempotent<StartedRoomTurn>> Start(const RequestedTurn& request,
                                                            const Idempotency& idempotency) = 0;
  // Begins another attempt of a failed turn under `lease`, as Store::RetryTurn. TURN_NOT_FAILED,
  // TURN_IN_PROGRESS, NOT_FOUND; what `check` answers.
  virtual absl::StatusOr<Idempotent<RetriedTurn>> Retry(
      const TurnRow& turn,
      const Lease& lease,
      absl::Time now,
      const std::function<absl::Status(const Room& room)>& check,
      const std::function<std::string(const TurnRow&)>& answer,
      const Idempotency& idempotency) = 0;
  // Ends the turn: appends the reply, if any, under the room's next number, closes the room where
  // it reaches a constraint, and makes the turns that answer it; all or nothing, and nothing if the
  // lease was lost, as when the room was closed, paused or deleted or the persona left meanwhile.
  virtual absl::StatusOr<RoomTurnEnd> End(const TurnEnd& end, const TurnPlanner& plan) = 0;
  // The newest messages before a number, hidden ones too, at most `limit`, oldest first.
  virtual absl::StatusOr<std::vector<RoomMessageRow>> ListHistory(
      const std::string& conversation_id, int before_sequence, int limit) = 0;
  // The turn that wrote the message; nullopt where none did.
  virtual absl::StatusOr<std::optional<RepliedTurn>> FindReplied(const std::string& conversation_id,
                                                                 const std::string& message_id) = 0;
};

}  // namespace dramatis::conversation
