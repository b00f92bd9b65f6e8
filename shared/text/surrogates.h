// The halves of UTF-16's surrogate pairs (Unicode 15, section 3.8): a code point over U+FFFF is a
// high one and a low one, and none of them is a character alone. What cuts a text between two code
// units leaves half a pair, which JSON can write as an escape and UTF-8 cannot. Pure functions.
//
//   WithoutHalfPairs(R"("Hi \ud83d")")    // R"("Hi \ufffd")"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dramatis {

constexpr bool IsHighSurrogate(uint32_t value) {
  return value >= 0xD800 && value < 0xDC00;
}
constexpr bool IsLowSurrogate(uint32_t value) {
  return value >= 0xDC00 && value < 0xE000;
}

// Bytes of the escape \uXXXX of JSON.
inline constexpr size_t kUnitEscapeBytes = 6;
// The code unit that the escape at the start of `json` means; 0 where there is none.
uint32_t EscapedUnit(std::string_view json);

// JSON with U+FFFD in place of each escape that is half a pair alone; the rest is as it was.
std::string WithoutHalfPairs(std::string_view json);

}  // namespace dramatis
