// Page tokens come from outside: none may crash the decoder, and none but our own may pass.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "shared/page/page_token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  for (size_t count = 0; count <= 3; ++count) {
    const auto keys = dramatis::DecodePageToken("scope", input, count);
    if (keys.ok() && dramatis::EncodePageToken("scope", *keys).size() > input.size() + 2) abort();
  }
  // What we make of any keys is read back, in its scope only.
  const size_t half = size / 2;
  const std::vector<std::string> keys = {input.substr(0, half), input.substr(half)};
  const std::string token = dramatis::EncodePageToken("scope", keys);
  const auto decoded = dramatis::DecodePageToken("scope", token, 2);
  if (!decoded.ok() || *decoded != keys) abort();
  if (dramatis::DecodePageToken("another", token, 2).ok()) abort();
  return 0;
}
