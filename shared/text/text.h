// Unicode text, as UTF-8. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dramatis {

// Whether `text` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
bool IsValidUtf8(std::string_view text);
// Whether `c` goes on with the character before it.
inline bool IsUtf8Continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}
// The number of code points of valid UTF-8.
size_t CodePoints(std::string_view text);
// Without Unicode White_Space at both ends.
std::string_view TrimSpace(std::string_view text);
// The first `count` code points.
std::string_view FirstCodePoints(std::string_view text, size_t count);
// The length of the longest prefix of at most `bytes` bytes that ends between two code points.
size_t Utf8Floor(std::string_view text, size_t bytes);
// ASCII letters in lower case, everything else as it is.
std::string AsciiLower(std::string_view text);
// A `like` pattern (escape '\') that finds `text` anywhere.
std::string LikeContains(std::string_view text);

}  // namespace dramatis
