// Character cards in PNG files: a tEXt chunk (PNG, third edition, 11.3.3.2) of keyword `ccv3`, or
// `chara`, whose text is the card's JSON in base64. Pictures are neither decoded nor checked beyond
// their chunks: nothing is inflated. Pure functions.
//
//   absl::StatusOr<PngCards> cards = ReadCards(png);
//   absl::StatusOr<std::string> other = WithCards(png, {.v3 = json});
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dramatis::persona {

// Most bytes of a card's document.
inline constexpr size_t kMostCardBytes = size_t{2} * 1024 * 1024;

// The documents of a picture; empty where it has none.
struct PngCards {
  std::string v3;  // `ccv3`
  std::string v2;  // `chara`
};

// The first of each. VALIDATION_FAILED where the file is no PNG: its signature, the length, the
// name or the CRC of a chunk is wrong, or it has no end.
absl::StatusOr<PngCards> ReadCards(std::string_view png);

// The picture with these cards and no others, before its end. Errors as ReadCards.
absl::StatusOr<std::string> WithCards(std::string_view png, const PngCards& cards);

// A picture of one pixel, for a card that came in none.
std::string_view PlainPng();

}  // namespace dramatis::persona
