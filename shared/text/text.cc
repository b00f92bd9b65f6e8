#include "shared/text/text.h"

#include <algorithm>
#include <cstdint>

namespace dramatis {
namespace {

bool IsAscii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// What may follow a first byte. Table 3-7 of the Unicode standard: the second byte's range depends
// on the first, so that neither overlong forms, surrogates nor more than U+10FFFF pass.
struct Sequence {
  size_t length = 0;  // 0: no code point begins so
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
};

Sequence SequenceOf(unsigned char first) {
  if (first < 0xC2) return {};
  if (first < 0xE0) return {.length = 2};
  if (first == 0xE0) return {.length = 3, .least = 0xA0};
  if (first == 0xED) return {.length = 3, .most = 0x9F};
  if (first < 0xF0) return {.length = 3};
  if (first == 0xF0) return {.length = 4, .least = 0x90};
  if (first < 0xF4) return {.length = 4};
  if (first == 0xF4) return {.length = 4, .most = 0x8F};
  return {};
}

// The length of the valid code point beyond ASCII at the start of `text`, or 0.
size_t ValidLength(std::string_view text) {
  const Sequence sequence = SequenceOf(static_cast<unsigned char>(text[0]));
  if (sequence.length == 0 || text.size() < sequence.length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (second < sequence.least || second > sequence.most) return 0;
  for (size_t i = 2; i < sequence.length; ++i) {
    if (!IsUtf8Continuation(text[i])) return 0;
  }
  return sequence.length;
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
    const size_t length = IsAscii(text[0]) ? 1 : ValidLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsUtf8Continuation(c); }));
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
    if (!IsUtf8Continuation(text[i]) && seen++ == count) return text.substr(0, i);
  }
  return text;
}

size_t Utf8Floor(std::string_view text, size_t bytes) {
  if (bytes >= text.size()) return text.size();
  while (bytes > 0 && IsUtf8Continuation(text[bytes]))
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
