// Settings of conversation.
#pragma once

#include <optional>
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
  // Where transcripts of sessions are, if they are kept.
  std::optional<objects::Place> transcripts;
  // How long after its end a session's messages are in the database, and its transcript is kept.
  absl::Duration retention = absl::InfiniteDuration();
  absl::Duration transcript_retention = absl::InfiniteDuration();

  // Notes problems in `settings`.
  static Config From(Settings& settings, const CommonConfig& common);
};

}  // namespace dramatis::conversation
