#include "services/memory/config.h"

namespace dramatis::memory {
namespace {

constexpr int kMostQuota = 1'000'000;

}  // namespace

Config Config::From(Settings& settings) {
  Config config;
  config.quota = settings.Integer("DRAMATIS_MEMORY_QUOTA", config.quota, 1, kMostQuota);
  config.extraction = settings.Flag("DRAMATIS_MEMORY_EXTRACTION", config.extraction);
  config.summaries = settings.Flag("DRAMATIS_MEMORY_SUMMARIES", config.summaries);
  config.model = settings.Text("DRAMATIS_MEMORY_MODEL");
  return config;
}

}  // namespace dramatis::memory
