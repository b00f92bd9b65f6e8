// The cursor of a turn's stream: `turn:attempt:offset`, a position after `offset` bytes of the text
// of that attempt. Attempt 0 stands for the beginning, before any text. That of the turn's end,
// which comes after the text, is `turn:attempt:offset:end`: whoever has it has seen all there is.
// Pure functions.
//
//   FormatCursor({"01890a5d-...", {1, 42}})         // "01890a5d-...:1:42"
//   FormatCursor({"01890a5d-...", {1, 42}, true})   // "01890a5d-...:1:42:end"
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/live_text/live_text.h"

namespace dramatis::conversation {

struct TurnCursor {
  std::string turn_id;
  LiveCursor position;
  bool end = false;  // after the turn's end
  bool operator==(const TurnCursor&) const = default;
};

std::string FormatCursor(const TurnCursor& cursor);

// Nothing unless `text` is exactly what FormatCursor makes of some cursor: a UUID, and numbers
// without sign or leading zeros, the attempt at most 2^31 - 1, the offset at most 2^53.
std::optional<TurnCursor> ParseCursor(std::string_view text);

}  // namespace dramatis::conversation
