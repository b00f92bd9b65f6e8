// Turns from their users' side: reading, following, stopping, trying again. Thread-safe; blocks.
#pragma once

#include <memory>
#include <string>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/live_turns.h"
#include "services/conversation/replicas.h"
#include "services/conversation/store.h"
#include "services/conversation/turn_events.h"
#include "services/conversation/turn_prompt.h"
#include "services/conversation/turn_worker.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class Turns {
 public:
  Turns(const TurnTools& tools, LiveTurns& live_turns, TurnWorker& worker, ReplicaPeer& replicas)
      : tools_(tools), live_turns_(live_turns), worker_(worker), replicas_(replicas) {}

  // Its text so far as this process or its row knows it. The owner's, or an admin's to read;
  // NOT_FOUND for everybody else.
  absl::StatusOr<v1::Turn> Get(const CallContext& call, const std::string& turn_id);

  // The live turn: the one that runs here, a mirror of one that runs elsewhere, or what is stored
  // of one that has ended. For the owner and admins.
  absl::StatusOr<std::shared_ptr<LiveTurn>> Follow(const CallContext& call,
                                                   const std::string& turn_id);

  // The turn's events from the request's cursor on. INVALID_CURSOR.
  absl::StatusOr<std::unique_ptr<TurnEvents>> Stream(const CallContext& call,
                                                     const v1::StreamTurnRequest& request);

  // Asks for the turn's end and answers the live turn, which ends soon, or has ended. The owner's.
  absl::StatusOr<std::shared_ptr<LiveTurn>> Cancel(const CallContext& call,
                                                   const std::string& turn_id);

  // Begins another attempt of a turn that failed. The owner's. Errors: see Store::RetryTurn.
  absl::StatusOr<Idempotent<v1::Turn>> Retry(const CallContext& call,
                                             const v1::RetryTurnRequest& request);

 private:
  enum class Who { kOwner, kOwnerOrAdmin };
  absl::StatusOr<TurnRow> Find(const CallContext& call, const std::string& turn_id, Who who);
  std::shared_ptr<LiveTurn> Open(const TurnRow& row);

  const TurnTools tools_;
  LiveTurns& live_turns_;
  TurnWorker& worker_;
  ReplicaPeer& replicas_;
};

}  // namespace dramatis::conversation
