// TurnTools that are fakes, for tests of what works with them.
#pragma once

#include <memory>

#include "services/conversation/model/turn_tools.h"
#include "services/conversation/testing/fakes.h"
#include "services/conversation/turn_taking/planning.h"

namespace dramatis::conversation {

struct FakeTools {
  TurnTools Tools() {
    return {store_, turns_,   personas_, memories_, inference_, clock_,
            ids_,   *logger_, metrics_,  planning_, clock_};
  }

  FakeStore store_;
  FakeTurnStore turns_;
  FakePersonaPeer personas_;
  FakeMemoryPeer memories_;
  FakeInferencePeer inference_;
  FakeClock clock_;
  CountingIdSource ids_;
  std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  const TurnPlanning planning_{ids_, clock_};
};

}  // namespace dramatis::conversation
