// Fuzzes the SSE parser: whatever the bytes, cutting them elsewhere must not change the events. The
// first byte says where to cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "services/inference/transport/sse_parser.h"

namespace {

struct Parsed {
  std::vector<std::string> events;
  bool good = true;
  bool operator==(const Parsed&) const = default;
};

Parsed ParseInPieces(std::string_view bytes, size_t piece) {
  dramatis::inference::SseParser parser;
  Parsed parsed;
  while (parsed.good && !bytes.empty()) {
    parsed.good = parser.Feed(bytes.substr(0, piece), [&](std::string_view data) {
      parsed.events.emplace_back(data);
      return true;
    });
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece = size_t{data[0]} + 1;
  const Parsed whole = ParseInPieces(bytes, bytes.size() + 1);
  if (!(whole == ParseInPieces(bytes, piece))) std::abort();
  if (!(whole == ParseInPieces(bytes, 1))) std::abort();
  return 0;
}
