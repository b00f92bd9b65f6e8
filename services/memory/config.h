// Settings of the memory service.
#pragma once

#include <string>

#include "shared/config/environment.h"

namespace dramatis::memory {

struct Config {
  // DRAMATIS_MEMORY_QUOTA: the most memories a user may have.
  int quota = 10'000;
  // DRAMATIS_MEMORY_EXTRACTION: whether memories are taken from what users say.
  bool extraction = true;
  // DRAMATIS_MEMORY_SUMMARIES: whether long conversations are summed up.
  bool summaries = true;
  // DRAMATIS_MEMORY_MODEL: the model that does both; empty for the deployment's default.
  std::string model;

  // Notes problems in `settings`.
  static Config From(Settings& settings);
};

}  // namespace dramatis::memory
