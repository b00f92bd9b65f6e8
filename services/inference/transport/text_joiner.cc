#include "services/inference/transport/text_joiner.h"

#include <cstdint>
#include <utility>

#include "shared/text/surrogates.h"
#include "shared/text/text.h"

namespace dramatis::inference {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;
constexpr uint32_t kHigh = 0xD800;
constexpr uint32_t kLow = 0xDC00;
constexpr uint32_t kContinuationBits = 6;

// What stands at the start of some bytes.
struct Character {
  size_t bytes = 0;  // 0: the bytes end within it
  uint32_t value = kReplacement;
};

unsigned char ByteAt(std::string_view text, size_t i) {
  return static_cast<unsigned char>(text[i]);
}

size_t LengthByFirst(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

bool MayFollow(unsigned char first, size_t i, unsigned char byte) {
  if (byte < 0x80 || byte > 0xBF) return false;
  if (i != 1) return true;
  if (first == 0xE0) return byte >= 0xA0;
  if (first == 0xF0) return byte >= 0x90;
  return first != 0xF4 || byte <= 0x8F;
}

// One unit of WTF-8: a code point, or half a pair.
Character ReadUnit(std::string_view text) {
  const unsigned char first = ByteAt(text, 0);
  const size_t length = LengthByFirst(first);
  if (length == 0) return {.bytes = 1};
  uint32_t value = length == 1 ? first : first & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    if (i == text.size()) return {};
    const unsigned char byte = ByteAt(text, i);
    if (!MayFollow(first, i, byte)) return {.bytes = i};
    value = (value << kContinuationBits) | (byte & 0x3FU);
  }
  return {.bytes = length, .value = value};
}

// Whether `text` is, or may be continued to, the low half of a pair.
bool MayBecomeLow(std::string_view text) {
  return text.empty() || (ByteAt(text, 0) == 0xED && (text.size() < 2 || ByteAt(text, 1) >= 0xB0));
}

Character ReadCharacter(std::string_view text) {
  const Character unit = ReadUnit(text);
  if (IsLowSurrogate(unit.value)) return {.bytes = unit.bytes};
  if (!IsHighSurrogate(unit.value)) return unit;
  const std::string_view rest = text.substr(unit.bytes);
  if (!MayBecomeLow(rest)) return {.bytes = unit.bytes};
  if (rest.empty()) return {};
  const Character other = ReadUnit(rest);
  if (other.bytes == 0) return {};
  if (!IsLowSurrogate(other.value)) return {.bytes = unit.bytes};
  constexpr uint32_t kFirstPair = 0x10000;
  constexpr uint32_t kPairBits = 10;
  return {.bytes = unit.bytes + other.bytes,
          .value = kFirstPair + ((unit.value - kHigh) << kPairBits) + (other.value - kLow)};
}

void AppendUtf8(uint32_t value, std::string& out) {
  const auto more = [&](uint32_t shift) {
    out += static_cast<char>(0x80U | ((value >> shift) & 0x3FU));
  };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0U | (value >> 6U));
    more(0);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0U | (value >> 12U));
    more(6);
    more(0);
  } else {
    out += static_cast<char>(0xF0U | (value >> 18U));
    more(12);
    more(6);
    more(0);
  }
}

}  // namespace

void TextJoiner::Push(std::string_view piece, std::string& out) {
  if (kept_.empty() && IsValidUtf8(piece)) {
    out += piece;
    return;
  }
  const std::string text = std::exchange(kept_, {}) + std::string(piece);
  std::string_view rest = text;
  while (!rest.empty()) {
    const Character character = ReadCharacter(rest);
    if (character.bytes == 0) break;
    AppendUtf8(character.value, out);
    rest.remove_prefix(character.bytes);
  }
  kept_ = rest;
}

void TextJoiner::Finish(std::string& out) {
  if (!std::exchange(kept_, {}).empty()) AppendUtf8(kReplacement, out);
}

}  // namespace dramatis::inference
