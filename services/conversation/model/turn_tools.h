// What everybody who works on turns needs: the stores, the neighbours and the process's own means.
#pragma once

#include "absl/time/time.h"
#include "services/conversation/model/peers.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_store.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

class TurnPlanning;  // turn_taking/planning.h

// References outlive whoever has them.
struct TurnTools {
  Store& store;
  TurnStore& turns;
  PersonaPeer& personas;
  MemoryPeer& memories;
  InferencePeer& inference;
  const Clock& clock;
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
  const TurnPlanning& planning;  // who answers in a room
  const Clock& leases;           // of leases and of when turns are due: shared/sql/lease_clock.h
};

}  // namespace dramatis::conversation
