// Key sets come from an issuer: none may crash the reader, and every key that it takes can be used.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "shared/identity/jws.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto keys = dramatis::ParseKeySet(input);
  if (!keys.ok()) return 0;
  if (keys->size() == 0) abort();
  for (const char* const algorithm : {"RS256", "PS512", "ES256", "ES512", "EdDSA"}) {
    dramatis::Jws jws;
    jws.algorithm = algorithm;
    jws.signature = std::string(256, 's');
    jws.signing_input = "a.b";
    if (jws.Verify(*keys) == dramatis::JwsOutcome::kValid) abort();
  }
  return 0;
}
