// What parses is exactly what formatting gives back: no other spelling of a cursor is taken.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/conversation/turns/cursor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto cursor = dramatis::conversation::ParseCursor(text);
  if (cursor.has_value() && dramatis::conversation::FormatCursor(*cursor) != text) std::abort();
  return 0;
}
