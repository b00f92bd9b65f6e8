#include "shared/text/text.h"

#include <algorithm>
#include <cstdint>

namespace dramatis {
namespace {

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The length of the valid code point at the start of `text`, or 0. Table 3-7 of the Unicode
// standard: the second byte's range depends on the first.
size_t ValidLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  size_t length = 0;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) least = 0xA0;  // else overlong
    if (first == 0xED) most = 0x9F;   // else a surrogate
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) least = 0x90;  // else overlong
    if (first == 0xF4) most = 0x8F;   // else over U+10FFFF
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < least || byte(1) > most) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  return length;
}

// Bytes of the White_Space character at the start of `text`, or 0. PropList.txt of Unicode 15.
size_t SpaceAtStart(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  if ((byte(0) >= 0x09 && byte(0) <= 0x0D) || byte(0) == ' ') return 1;
  if (text.size() >= 2 && byte(0) == 0xC2 && (byte(1) == 0x85 || byte(1) == 0xA0)) return 2;
  if (text.size() < 3) return 0;
  const uint32_t three = uint32_t{byte(0)} << 16 | uint32_t{byte(1)} << 8 | byte(2);
  const bool space = three == 0xE19A80 ||                         // U+1680
                     (three >= 0xE28080 && three <= 0xE2808A) ||  // U+2000..200A
                     three == 0xE280A8 || three == 0xE280A9 ||    // U+2028, U+2029
                     three == 0xE280AF || three == 0xE2819F ||    // U+202F, U+205F
                     three == 0xE38080;                           // U+3000
  return space ? 3 : 0;
}

size_t SpaceAtEnd(std::string_view text) {
  for (size_t length = 1; length <= std::min<size_t>(3, text.size()); ++length) {
    if (SpaceAtStart(text.substr(text.size() - length)) == length) return length;
  }
  return 0;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = ValidLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

std::string_view TrimSpace(std::string_view text) {
  while (const size_t length = SpaceAtStart(text))
    text.remove_prefix(length);
  while (const size_t length = SpaceAtEnd(text))
    text.remove_suffix(length);
  return text;
}

std::string_view FirstCodePoints(std::string_view text, size_t count) {
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsContinuation(text[i]) && seen++ == count) return text.substr(0, i);
  }
  return text;
}

size_t Utf8Floor(std::string_view text, size_t bytes) {
  if (bytes >= text.size()) return text.size();
  while (bytes > 0 && IsContinuation(text[bytes]))
    --bytes;
  return bytes;
}

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string LikeContains(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern.push_back('\\');
    pattern.push_back(c);
  }
  pattern.push_back('%');
  return pattern;
}

}  // namespace dramatis
