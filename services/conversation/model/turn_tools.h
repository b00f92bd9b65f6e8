// What everybody who works on turns needs: the store, the neighbours and the process's own means.
#pragma once

#include "absl/time/time.h"
#include "services/conversation/model/peers.h"
#include "services/conversation/model/room_turn_store.h"
#include "services/conversation/model/store.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

class TurnPlanning;  // turn_taking/planning.h

// References outlive whoever has them.
struct TurnTools {
  Store& store;
  PersonaPeer& personas;
  MemoryPeer& memories;
  InferencePeer& inference;
  const Clock& clock;
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
  // Of rooms; null where only sessions are run.
  RoomTurnStore* room_turns = nullptr;
  const TurnPlanning* planning = nullptr;
  // Of leases and of when turns are due; null where one process is all there is.
  const Clock* leases = nullptr;

  absl::Time LeaseNow() const { return (leases != nullptr ? *leases : clock).Now(); }
};

}  // namespace dramatis::conversation
