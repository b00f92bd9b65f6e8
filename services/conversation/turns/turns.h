// Turns from their users' side: reading, following, stopping, trying again. A session's turns are
// its owner's, an admin's to read; of a room's see model/turn_access.h. Thread-safe; blocks.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/live_turns.h"
#include "services/conversation/model/replicas.h"
#include "services/conversation/model/room_tools.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_tools.h"
#include "services/conversation/turns/recovery.h"
#include "services/conversation/turns/turn_events.h"
#include "services/conversation/turns/worker.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Turns {
 public:
  Turns(const TurnTools& tools,
        const RoomTools& rooms,
        LiveTurns& live_turns,
        TurnWorker& worker,
        Recovery& recovery,
        ReplicaPeer& replicas)
      : tools_(tools),
        rooms_(rooms),
        live_turns_(live_turns),
        worker_(worker),
        recovery_(recovery),
        replicas_(replicas) {}

  // Its text so far as this process or its row knows it. NOT_FOUND for whoever may not see it.
  absl::StatusOr<v1::Turn> Get(const CallContext& call, const std::string& turn_id);

  // The live turn: the one that runs here, a mirror of one that runs elsewhere, or what is stored
  // of one that has ended. For whoever may see it.
  absl::StatusOr<std::shared_ptr<LiveTurn>> Follow(const CallContext& call,
                                                   const std::string& turn_id);

  // The turn's events from the request's cursor on. INVALID_CURSOR.
  absl::StatusOr<std::unique_ptr<TurnEvents>> Stream(const CallContext& call,
                                                     const v1::StreamTurnRequest& request);

  // A turn whose end was asked for.
  struct Cancelling {
    std::shared_ptr<LiveTurn> turn;    // ends soon, or has ended
    std::optional<v1::Turn> replayed;  // what was answered to the key before
  };
  // Asks for the turn's end. For the owner, or whoever may direct the persona.
  absl::StatusOr<Idempotent<Cancelling>> Cancel(const CallContext& call,
                                                const v1::CancelTurnRequest& request);
  // What is answered once it has ended, and to the key from then on.
  absl::StatusOr<v1::Turn> Cancelled(const CallContext& call, const v1::CancelTurnRequest& request);

  // Begins another attempt of a turn that failed. For the owner, or whoever may have the persona
  // speak. Errors: see TurnStore::RetryTurn.
  absl::StatusOr<Idempotent<v1::Turn>> Retry(const CallContext& call,
                                             const v1::RetryTurnRequest& request);

 private:
  enum class Who { kOwner, kOwnerOrAdmin };
  struct Found {
    TurnRow row;
    std::optional<Room> room;  // where it is one's, but not for another replica
  };
  absl::StatusOr<Found> Find(const CallContext& call, const std::string& turn_id, Who who);
  absl::StatusOr<Found> FindInRoom(const CallContext& call, TurnRow row);
  absl::StatusOr<Idempotent<RetriedTurn>> RetryIn(const CallContext& call,
                                                  const v1::RetryTurnRequest& request,
                                                  const Found& found);
  std::shared_ptr<LiveTurn> Open(const TurnRow& row);

  const TurnTools tools_;
  const RoomTools rooms_;
  LiveTurns& live_turns_;
  TurnWorker& worker_;
  Recovery& recovery_;
  ReplicaPeer& replicas_;
};

}  // namespace dramatis::conversation
