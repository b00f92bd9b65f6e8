#include "services/conversation/config.h"

namespace dramatis::conversation {

Config Config::From(Settings& settings) {
  Config config;
  config.turn_lease = settings.Duration("DRAMATIS_TURN_LEASE", config.turn_lease,
                                        absl::Milliseconds(300), absl::Minutes(10));
  config.response_delay = settings.Flag("DRAMATIS_RESPONSE_DELAY", config.response_delay);
  config.openai_session_headers =
      settings.Flag("DRAMATIS_OPENAI_SESSION_HEADERS", config.openai_session_headers);
  config.title_model = settings.Text("DRAMATIS_TITLE_MODEL", "");
  return config;
}

}  // namespace dramatis::conversation
