// libFuzzer: a PNG from anywhere. What is read comes out of a file that was made of it again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/persona/cards/png.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dramatis::persona;
  const std::string_view png(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<PngCards> cards = ReadCards(png);
  if (!cards.ok()) return 0;
  const absl::StatusOr<std::string> again = WithCards(png, *cards);
  if (!again.ok()) std::abort();
  const absl::StatusOr<PngCards> read = ReadCards(*again);
  if (!read.ok() || read->v3 != cards->v3 || read->v2 != cards->v2) std::abort();
  return 0;
}
