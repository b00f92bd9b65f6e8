// Words of a text, for finding topics in it. Pure functions, thread-safe.
//
//   HasWords(FoldedWords("About Nuclear  war!"), "nuclear war")  // true
#pragma once

#include <string>
#include <string_view>

namespace dramatis::conversation {

// The words of valid UTF-8 in lower case, one space before, between and after them; " " for none. A
// word is a run of letters and digits of any script; where scripts set no spaces (Han, Hiragana,
// Katakana), each sign is a word of its own.
std::string FoldedWords(std::string_view text);

// Whether the words of `phrase` stand in `folded`, next to each other. Not for a phrase without
// any.
bool HasWords(std::string_view folded, std::string_view phrase);

}  // namespace dramatis::conversation
