#include "services/conversation/config.h"

#include "absl/strings/str_cat.h"

namespace dramatis::conversation {

Config Config::From(Settings& settings, const CommonConfig& common) {
  Config config;
  config.turn_lease = settings.Duration("DRAMATIS_TURN_LEASE", config.turn_lease,
                                        absl::Milliseconds(300), absl::Minutes(10));
  config.response_delay = settings.Flag("DRAMATIS_RESPONSE_DELAY", config.response_delay);
  config.openai_session_headers =
      settings.Flag("DRAMATIS_OPENAI_SESSION_HEADERS", config.openai_session_headers);
  config.title_model = settings.Text("DRAMATIS_TITLE_MODEL", "");
  config.objects = objects::ReadPlace(settings, "DRAMATIS_OBJECTS",
                                      absl::StrCat("file:", common.data_dir, "/objects"));
  return config;
}

}  // namespace dramatis::conversation
