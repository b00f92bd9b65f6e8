// Fuzzes the reader of S3's lists: whatever the bytes, each object that comes out has a key and a
// size.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/objects/s3.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto found = dramatis::objects::ParseListing(text);
  if (!found.ok()) return 0;
  for (const auto& info : *found) {
    if (info.key.empty() || info.bytes < 0) std::abort();
  }
  return 0;
}
