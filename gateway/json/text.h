// The tokens of JSON (RFC 8259) and of protobuf's JSON mapping as text. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dramatis::gateway {

// Appends a JSON string. `text` must be valid UTF-8; bytes that are not come out as U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);
// Appends the shortest text that reads back as the same number, whole ones up to 2^53 without an
// exponent; "NaN", "Infinity", "-Infinity" as strings, as the mapping says.
void AppendJsonNumber(std::string& out, double value);
void AppendJsonNumber(std::string& out, float value);

// RFC 3339 in UTC with `Z` and 0, 3, 6 or 9 digits of fractional seconds.
void AppendTimestamp(std::string& out, int64_t seconds, int32_t nanos);
struct TimestampValue {
  int64_t seconds = 0;
  int32_t nanos = 0;
};
// Reads RFC 3339 with `Z` or an offset, years 1 to 9999; at most nine digits of fractional seconds.
std::optional<TimestampValue> ParseTimestamp(std::string_view text);

}  // namespace dramatis::gateway
