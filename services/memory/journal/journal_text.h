// What is made of an entry's text: its words counted, and the beginning that a persona is told.
// Pure functions over valid UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dramatis::memory {

// The words by Unicode's boundaries (UAX #29), with ICU's dictionaries for scripts without spaces:
// what lies between two boundaries counts where it holds a letter, digit, kana or ideograph.
//   CountWords("I don't know: 3.5 km!") == 5
absl::StatusOr<int> CountWords(std::string_view text);

// The text in one line, as many whole sentences as `most_bytes` hold. Where the first sentence is
// longer, its first words and an ellipsis; where the first word is, as much of it as fits.
std::string Excerpt(std::string_view text, size_t most_bytes);

}  // namespace dramatis::memory
