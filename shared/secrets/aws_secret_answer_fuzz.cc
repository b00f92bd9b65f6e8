// Fuzzes the readers of Secrets Manager's answers: whatever the bytes, what comes out is not empty,
// and a refusal's code is a word.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shared/secrets/aws_secrets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* const member : {"", "key"}) {
    const auto read = dramatis::secrets::ParseAwsSecretAnswer(text, member);
    if (read.ok() && read->empty()) std::abort();
  }
  for (const char c : dramatis::secrets::AwsSecretRefusal(text)) {
    if (c <= ' ' || c > 'z') std::abort();
  }
  return 0;
}
