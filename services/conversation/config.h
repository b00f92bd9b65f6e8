// Settings of conversation.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "shared/config/environment.h"
#include "shared/objects/place.h"

namespace dramatis::conversation {

struct Config {
  // How long a worker may be silent before its turns are taken over.
  absl::Duration turn_lease = absl::Seconds(15);
  // AI participants of conversations wait a while before they answer.
  bool response_delay = true;
  // A chat's id in a header of Open WebUI names a session on OpenAI's routes.
  bool openai_session_headers = false;
  // Who makes the titles of sessions, `provider/model`; empty: they are the first words.
  std::string title_model;
  // Where archives are that users bring along or take away.
  objects::Place objects;

  // Notes problems in `settings`.
  static Config From(Settings& settings, const CommonConfig& common);
};

}  // namespace dramatis::conversation
