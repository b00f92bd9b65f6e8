// Texts that are cut where a reader would stop. Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace dramatis {

// The longest beginning of at most `max_bytes` that ends with a paragraph (an empty line follows).
// Where that would lose more than half of them, the longest that ends with a line, a word, a code
// point.
std::string_view CutAtParagraph(std::string_view text, size_t max_bytes);

}  // namespace dramatis
