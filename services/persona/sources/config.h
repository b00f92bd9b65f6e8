// Settings of the persona service.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "shared/config/environment.h"
#include "shared/objects/place.h"

namespace dramatis::persona {

struct Config {
  // Where `file:` sources are: `<data folder>/personas`.
  std::string persona_dir = "./data/personas";
  // DRAMATIS_DEFAULT_PERSONA: a `file:` or `s3:` source, a persona's id, or empty for the sample.
  std::string default_persona;
  // The buckets that `s3:` sources may be in, by name: those of DRAMATIS_OBJECTS and
  // DRAMATIS_DEFAULT_PERSONA.
  std::map<std::string, objects::Place> buckets;
  // Where pictures are: what DRAMATIS_OBJECTS names. Unset: in the database.
  std::optional<objects::Place> pictures;
  // DRAMATIS_RESTRICT_AI_PERSONAS: only admins may make personas that a model speaks for.
  bool restrict_ai_personas = false;
  // DRAMATIS_PERSONA_MAX_BYTES: a biography over this is cut at a paragraph in the prompt. The
  // default, 200,000 code points of four bytes, cuts none: inference knows how much of it the model
  // that answers has room for. The setting goes with the next release.
  int max_biography_bytes = 800'000;
  bool max_biography_bytes_set = false;

  // Notes problems in `settings`.
  static Config From(Settings& settings, const CommonConfig& common);
};

}  // namespace dramatis::persona
