// Settings of the memory service.
#pragma once

#include "shared/config/environment.h"

namespace dramatis::memory {

struct Config {
  // DRAMATIS_MEMORY_QUOTA: the most memories a user may have.
  int quota = 10'000;

  // Notes problems in `settings`.
  static Config From(Settings& settings);
};

}  // namespace dramatis::memory
