#include "services/conversation/config.h"

namespace dramatis::conversation {

Config Config::From(Settings& settings) {
  Config config;
  config.turn_lease = settings.Duration("DRAMATIS_TURN_LEASE", config.turn_lease,
                                        absl::Milliseconds(300), absl::Minutes(10));
  config.response_delay = settings.Flag("DRAMATIS_RESPONSE_DELAY", config.response_delay);
  return config;
}

}  // namespace dramatis::conversation
