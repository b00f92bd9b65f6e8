// Settings of the persona service.
#pragma once

#include <string>

#include "shared/config/environment.h"

namespace dramatis::persona {

struct Config {
  // Where `file:` sources are: `<data folder>/personas`.
  std::string persona_dir = "./data/personas";
  // DRAMATIS_DEFAULT_PERSONA: a `file:` source, a persona's id, or empty for the sample.
  std::string default_persona;
  // DRAMATIS_RESTRICT_AI_PERSONAS: only admins may make personas that a model speaks for.
  bool restrict_ai_personas = false;
  // DRAMATIS_PERSONA_MAX_BYTES: a biography over this is cut at a paragraph in the prompt. The
  // default is a quarter of a window of 65,536 tokens, at four bytes a token.
  int max_biography_bytes = 65'536;

  // Notes problems in `settings`.
  static Config From(Settings& settings, const CommonConfig& common);
};

}  // namespace dramatis::persona
