// Text cut where a reader sees a character end: between grapheme clusters (UAX #29), so that no
// accent, flag or family of an emoji is torn. Pure functions over valid UTF-8.
//
//   FirstGraphemes("né👨‍👩‍👧 x", 4) == "né"       // the family has five code points
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dramatis {

// The longest beginning of whole graphemes that has at most `most` code points. Where already the
// first grapheme has more, as many of its code points: a text that has something in it never
// becomes empty.
std::string_view FirstGraphemes(std::string_view text, size_t most);

// The same for bytes; at least a whole code point must fit to leave anything.
std::string_view FirstGraphemeBytes(std::string_view text, size_t most_bytes);

// The beginning of the grapheme that the byte `at` is in; the text's size where that is its end.
size_t GraphemeFloor(std::string_view text, size_t at);

// In one line: each run of Unicode white space is one space, none at the ends.
std::string OneLineOf(std::string_view text);

}  // namespace dramatis
