// API keys: `dramatis_<environment>_<30 base62><6 base62>`, as `dramatis_production_4fYd...`. The
// last six characters are the CRC-32 (ISO 3309) of what stands before them, so that a typing error,
// and a finding of a scanner that is none, are told without a look-up. Keys have 178 random bits:
// their SHA-256 is what is stored, and needs no salt.
//
//   const std::string key = NewApiKey("production");
//   std::optional<ApiKey> parsed = ApiKey::Parse(key);
//   HashOfApiKey(key)   // 64 hexadecimal digits
//
// Pure functions but NewApiKey, which takes randomness from the system. Keys are never logged.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dramatis {

// Whether somebody means it to be a key: by its first characters.
bool LooksLikeApiKey(std::string_view text);

struct ApiKey {
  std::string_view environment;

  // nullopt where the form or the check sum is wrong. The result points into `text`.
  static std::optional<ApiKey> Parse(std::string_view text);
};

// `environment`: lower-case letters.
std::string NewApiKey(std::string_view environment);
// SHA-256, hexadecimal.
std::string HashOfApiKey(std::string_view key);
// What is shown of a key after the first time: up to its random part, with the first four
// characters of that; and its last four.
std::string ApiKeyPrefix(std::string_view key);
std::string ApiKeyLastFour(std::string_view key);

}  // namespace dramatis
