// Fuzzes the reader of the providers file: whatever the bytes, each provider that is read without a
// problem can be used.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/inference/setup/providers_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = dramatis::inference::ParseProvidersFile(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!file.problems.empty()) return 0;
  for (const auto& entry : file.entries) {
    if (entry.config.name.empty() || entry.config.max_concurrent < 0) std::abort();
    if (entry.config.models.empty() != entry.config.any_model) std::abort();
    for (const char c : entry.config.query) {
      if (c <= ' ' || c > '~') std::abort();
    }
  }
  return 0;
}
