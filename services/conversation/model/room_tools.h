// What the use cases of rooms need: the store, persona and the process's own means.
#pragma once

#include "services/conversation/model/peers.h"
#include "services/conversation/model/room_store.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::conversation {

// References outlive whoever has them.
struct RoomTools {
  RoomStore& store;
  PersonaPeer& personas;
  const Clock& clock;
  IdSource& ids;
  Logger& logger;
};

}  // namespace dramatis::conversation
