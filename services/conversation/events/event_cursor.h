// The cursor of a room's events: `event:` and the event's number, encrypted under the room's own
// key. The numbers count what masked participants do too; shown as they are, a gap between two
// would say that a model speaks. Pure functions.
//
//   FormatEventCursor(key, 42)   // "event:3q2-7wAAAAAAAAAAAAAAAA"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dramatis::conversation {

// Bytes of a room's key: AES-128.
inline constexpr size_t kEventKeyBytes = 16;

// A new random key.
std::string NewEventKey();

// `key` is kEventKeyBytes long, `sequence` not negative.
std::string FormatEventCursor(const std::string& key, int64_t sequence);

// Nothing unless `text` is exactly what FormatEventCursor makes of some number under this key.
std::optional<int64_t> ParseEventCursor(const std::string& key, std::string_view text);

}  // namespace dramatis::conversation
