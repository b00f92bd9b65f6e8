// Keys as anybody may send them: whatever parses is a key by every other measure.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shared/identity/api_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<dramatis::ApiKey> key = dramatis::ApiKey::Parse(text);
  if (!key.has_value()) return 0;
  const std::string begin = "dramatis_" + std::string(key->environment) + "_";
  if (!dramatis::LooksLikeApiKey(text) || text.substr(0, begin.size()) != begin) std::abort();
  if (text.size() != begin.size() + 36) std::abort();
  if (dramatis::ApiKeyPrefix(text).size() != begin.size() + 4) std::abort();
  std::string other(text);
  other.back() = other.back() == '0' ? '1' : '0';
  if (dramatis::ApiKey::Parse(other).has_value()) std::abort();
  return 0;
}
