#include "services/memory/config.h"

namespace dramatis::memory {
namespace {

constexpr int kMostQuota = 1'000'000;

}  // namespace

Config Config::From(Settings& settings) {
  Config config;
  config.quota = settings.Integer("DRAMATIS_MEMORY_QUOTA", config.quota, 1, kMostQuota);
  return config;
}

}  // namespace dramatis::memory
