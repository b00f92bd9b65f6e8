// What parses is exactly what formatting gives back: no other spelling of a cursor is taken. Bytes
// that are no cursor become one by way of their number, so that both ways are walked.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "services/conversation/events/event_cursor.h"

using dramatis::conversation::FormatEventCursor;
using dramatis::conversation::ParseEventCursor;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string key = "0123456789abcdef";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto sequence = ParseEventCursor(key, text);
  if (sequence.has_value() && FormatEventCursor(key, *sequence) != text) std::abort();

  int64_t number = 0;
  std::memcpy(&number, data, size < sizeof number ? size : sizeof number);
  if (number < 0) return 0;
  std::string cursor = FormatEventCursor(key, number);
  if (ParseEventCursor(key, cursor) != number) std::abort();
  if (size > sizeof number) {
    const size_t at = data[sizeof number] % cursor.size();
    const char changed = static_cast<char>(data[size - 1]);
    if (cursor[at] == changed) return 0;
    cursor[at] = changed;
    const auto other = ParseEventCursor(key, cursor);
    if (other.has_value() && FormatEventCursor(key, *other) != cursor) std::abort();
  }
  return 0;
}
