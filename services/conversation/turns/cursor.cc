#include "services/conversation/turns/cursor.h"

#include <charconv>
#include <cstdint>
#include <limits>

#include "shared/ids/ids.h"

namespace dramatis::conversation {
namespace {

constexpr std::string_view kEnd = ":end";
constexpr uint64_t kMaxAttempt = std::numeric_limits<int32_t>::max();
constexpr uint64_t kMaxOffset = uint64_t{1} << 53;

std::optional<uint64_t> ParseNumber(std::string_view text, uint64_t most) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end || number > most) return std::nullopt;
  return number;
}

}  // namespace

std::string FormatCursor(const TurnCursor& cursor) {
  std::string text;
  text.reserve(cursor.turn_id.size() + 28);
  text += cursor.turn_id;
  text += ':';
  text += std::to_string(cursor.position.attempt);
  text += ':';
  text += std::to_string(cursor.position.offset);
  if (cursor.end) text += kEnd;
  return text;
}

std::optional<TurnCursor> ParseCursor(std::string_view text) {
  const size_t first = text.find(':');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = text.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  TurnCursor cursor;
  cursor.end = text.size() > kEnd.size() && text.substr(text.size() - kEnd.size()) == kEnd;
  if (cursor.end) text.remove_suffix(kEnd.size());
  if (second >= text.size()) return std::nullopt;
  cursor.turn_id = std::string(text.substr(0, first));
  const auto attempt = ParseNumber(text.substr(first + 1, second - first - 1), kMaxAttempt);
  const auto offset = ParseNumber(text.substr(second + 1), kMaxOffset);
  if (!IsUuid(cursor.turn_id) || !attempt.has_value() || !offset.has_value()) return std::nullopt;
  cursor.position = {static_cast<int>(*attempt), static_cast<size_t>(*offset)};
  return cursor;
}

}  // namespace dramatis::conversation
