#include "shared/identity/base64url.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace dramatis {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The six bits of each character, or -1. A table, since which range the next character is in is
// what a processor cannot guess.
constexpr std::array<int8_t, 256> kBits = [] {
  std::array<int8_t, 256> bits{};
  bits.fill(-1);
  for (size_t i = 0; i < kAlphabet.size(); ++i)
    bits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  return bits;
}();

int BitsOf(char c) {
  return kBits[static_cast<unsigned char>(c)];
}

}  // namespace

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  const size_t rest = text.size() % 4;  // characters after the last whole group
  if (rest == 1) return std::nullopt;
  std::string bytes(text.size() * 3 / 4, '\0');
  char* next = bytes.data();
  for (; text.size() >= 4; text.remove_prefix(4)) {
    const int a = BitsOf(text[0]);
    const int b = BitsOf(text[1]);
    const int c = BitsOf(text[2]);
    const int d = BitsOf(text[3]);
    if ((a | b | c | d) < 0) return std::nullopt;
    *next++ = static_cast<char>(a << 2 | b >> 4);
    *next++ = static_cast<char>(b << 4 | c >> 2);
    *next++ = static_cast<char>(c << 6 | d);
  }
  if (rest == 0) return bytes;
  const int a = BitsOf(text[0]);
  const int b = BitsOf(text[1]);
  const int c = rest == 3 ? BitsOf(text[2]) : 0;
  if ((a | b | c) < 0) return std::nullopt;
  // What belongs to no byte is zero (RFC 4648, section 3.5).
  if (rest == 2 ? (b & 0xf) != 0 : (c & 0x3) != 0) return std::nullopt;
  *next++ = static_cast<char>(a << 2 | b >> 4);
  if (rest == 3) *next++ = static_cast<char>(b << 4 | c >> 2);
  return bytes;
}

}  // namespace dramatis
