// Whatever the bytes are: a document of at most the size that is allowed or an error; and what can
// be read can be written again with another card.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/persona/cards/charx.h"
#include "services/persona/cards/png.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dramatis::persona;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto document = CardInZip(bytes);
  if (!document.ok()) return 0;
  if (document->size() > kMostCardBytes) std::abort();
  const auto other = WithCardInZip(bytes, "{}");
  if (other.ok() && CardInZip(*other).value() != "{}") std::abort();
  return 0;
}
