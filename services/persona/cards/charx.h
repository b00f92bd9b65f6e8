// Character cards in CHARX files: zips with the card as `card.json` at their root (Character Card
// V3, "CHARX"). Nothing but that entry is inflated, and of it at most kMostCardBytes; other entries
// are carried along as they are. Pure functions.
//
//   absl::StatusOr<std::string> document = CardInZip(zip);
//   absl::StatusOr<std::string> other = WithCardInZip(zip, document);
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dramatis::persona {

inline constexpr int kMostZipEntries = 10'000;

// Whether the bytes begin as those of a zip do.
bool LooksLikeZip(std::string_view bytes);

// The document. VALIDATION_FAILED where the file is no zip or has too many entries, an entry that
// leads out of the zip (absolute, `..`, a backslash, a drive) or is encrypted, no card, or one that
// is too large or damaged.
absl::StatusOr<std::string> CardInZip(std::string_view zip);

// The zip, or a new one where it is empty, with this card in place of its own. Errors as CardInZip.
absl::StatusOr<std::string> WithCardInZip(std::string_view zip, const std::string& document);

}  // namespace dramatis::persona
