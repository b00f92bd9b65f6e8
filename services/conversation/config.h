// Settings of conversation.
#pragma once

#include "absl/time/time.h"
#include "shared/config/environment.h"

namespace dramatis::conversation {

struct Config {
  // How long a worker may be silent before its turns are taken over.
  absl::Duration turn_lease = absl::Seconds(15);
  // AI participants of conversations wait a while before they answer.
  bool response_delay = true;
  // A chat's id in a header of Open WebUI names a session on OpenAI's routes.
  bool openai_session_headers = false;

  // Notes problems in `settings`.
  static Config From(Settings& settings);
};

}  // namespace dramatis::conversation
