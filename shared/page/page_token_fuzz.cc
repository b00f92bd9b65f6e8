// Page tokens come from outside: none may crash the decoder, and none but our own may pass.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "shared/page/page_key.h"
#include "shared/page/page_token.h"

namespace dramatis {
namespace {

void Run(const std::string& input) {
  static PageKey& key = *new PageKey;
  static PageKey& other_key = *new PageKey;
  CallContext call;
  call.page_key = &key;
  const PageScope scope(call, "scope");
  // Nobody guesses 128 bits: what passes would be a way around them.
  for (size_t count = 0; count <= 3; ++count) {
    if (DecodePageToken(scope, input, count).ok()) abort();
  }
  // What we make of any keys is read back, in its scope and under its secret only.
  const size_t half = input.size() / 2;
  const std::vector<std::string> keys = {input.substr(0, half), input.substr(half)};
  std::string token = EncodePageToken(scope, keys);
  const auto decoded = DecodePageToken(scope, token, 2);
  if (!decoded.ok() || *decoded != keys) abort();
  if (DecodePageToken(PageScope(call, "another"), token, 2).ok()) abort();
  call.page_key = &other_key;
  if (DecodePageToken(PageScope(call, "scope"), token, 2).ok()) abort();
  // Nor a changed one of ours; of the last character some bits are read by nobody.
  const size_t at = input.size() % token.size();
  token[at] ^= 1;
  if (at + 1 < token.size() && DecodePageToken(scope, token, 2).ok()) abort();
}

}  // namespace
}  // namespace dramatis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dramatis::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
