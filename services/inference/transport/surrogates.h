// The halves of UTF-16's surrogate pairs (Unicode 15, section 3.8): a code point over U+FFFF is a
// high one and a low one, and none of them is a character alone.
#pragma once

#include <cstdint>

namespace dramatis::inference {

constexpr bool IsHighSurrogate(uint32_t value) {
  return value >= 0xD800 && value < 0xDC00;
}
constexpr bool IsLowSurrogate(uint32_t value) {
  return value >= 0xDC00 && value < 0xE000;
}

}  // namespace dramatis::inference
