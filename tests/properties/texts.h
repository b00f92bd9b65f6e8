// Generated texts over all of Unicode: every plane, controls, combining marks, right-to-left, emoji
// sequences, noncharacters; no surrogates, no NUL.
//
//   const std::string text = *AnyText();             // 1..8,000 code points, one of them seen
//   const std::string text = *AnyText(200);          // 1..200
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "rapidcheck.h"
#include "shared/text/names.h"

namespace dramatis::properties {

inline constexpr size_t kMostCodePoints = 8000;

inline void AppendUtf8(char32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// A code point; kinds that break things come far more often than their share of Unicode.
inline char32_t AnyCodePoint(std::mt19937_64& random) {
  struct Range {
    char32_t first, last;
  };
  static constexpr Range kRanges[] = {
      {0x20, 0x7E},       {0x20, 0x7E},       {0x61, 0x7A},     {0x01, 0x1F},     {0x7F, 0xA0},
      {0xA1, 0x2AF},      {0x300, 0x36F},     {0x590, 0x6FF},   {0x900, 0xDFF},   {0x2000, 0x206F},
      {0x3000, 0x9FFF},   {0xAC00, 0xD7A3},   {0xE000, 0xF8FF}, {0xFDD0, 0xFDEF}, {0xFE00, 0xFFFF},
      {0x1F300, 0x1FAFF}, {0x10000, 0x10FFFF}};
  const Range& range = kRanges[random() % std::size(kRanges)];
  return range.first + static_cast<char32_t>(random() % (range.last - range.first + 1));
}

// Exactly `length` code points, at least one of them seen. The same for the same seed.
inline std::string MakeText(size_t length, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  for (size_t i = 0; i < length; ++i)
    AppendUtf8(AnyCodePoint(random), text);
  if (!IsBlank(text)) return text;
  return std::string(length, 'x');
}

// Shrinks by length; what stands at a place does not change while it shrinks.
inline rc::Gen<std::string> AnyText(size_t most = kMostCodePoints) {
  const auto length = rc::gen::weightedOneOf<size_t>(
      {{10, rc::gen::inRange<size_t>(1, std::min<size_t>(most, 80) + 1)},
       {3, rc::gen::inRange<size_t>(1, std::min<size_t>(most, 1000) + 1)},
       {1, rc::gen::inRange<size_t>(1, most + 1)},
       {1, rc::gen::just(most)}});
  const auto seed = rc::gen::noShrink(rc::gen::resize(100, rc::gen::arbitrary<uint64_t>()));
  return rc::gen::apply([](size_t n, uint64_t s) { return MakeText(n, s); }, length, seed);
}

}  // namespace dramatis::properties
