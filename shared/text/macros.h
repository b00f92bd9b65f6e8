// The macros that character cards are written with, replaced when a text is rendered (Character
// Card V3, https://github.com/kwaroran/character-card-spec-v3: "Curly braced syntaxes").
//
//   ExpandMacros("Hello {{user}}, I am {{char}}.{{// greet}}", {.character = "Ada", .user = "Bo"})
//       == "Hello Bo, I am Ada."
//
//   {{char}}, <BOT>             the persona's name
//   {{user}}, <USER>            whom it talks with
//   {{random:a,b}}, {{pick:a,b}} one of them; also {{random::a::b}}; `\,` is a comma
//   {{roll:d6}}, {{roll:2d6+1}}, {{roll:6}}   a throw of dice
//   {{reverse:abc}}             backwards, grapheme by grapheme
//   {{// anything}}, {{comment: anything}}    nothing
//
// In any case of letters; they may stand in each other. Anything else in braces stays as it is.
// What was put in for a macro is not read again: a user's name is no macro. Chances are drawn from
// the seed and the macro's place in the text, so that the same text comes out again. Pure
// functions.
#pragma once

#include <string>
#include <string_view>

namespace dramatis {

struct MacroValues {
  std::string character;
  std::string user;
  // Of `random` and `roll`: names the turn and the text. Of `pick`: the conversation and the text,
  // so that a choice stays.
  std::string seed;
  std::string lasting_seed;
};

std::string ExpandMacros(std::string_view text, const MacroValues& values);

// Whether the text has a macro that stands for the user's name.
bool NamesUser(std::string_view text);

}  // namespace dramatis
