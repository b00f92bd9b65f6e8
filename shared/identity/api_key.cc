#include "shared/identity/api_key.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include <boost/crc.hpp>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace dramatis {
namespace {

constexpr std::string_view kKeyBegin = "dramatis_";
constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kRandomDigits = 30;
constexpr size_t kSumDigits = 6;
constexpr size_t kDigits = kRandomDigits + kSumDigits;
constexpr size_t kShown = 4;

std::string CheckSum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  uint32_t sum = crc.checksum();
  std::string digits(kSumDigits, '0');
  for (size_t i = kSumDigits; i > 0; --i) {
    digits[i - 1] = kBase62[sum % kBase62.size()];
    sum /= kBase62.size();
  }
  return digits;
}

// A digit from the system's randomness, each as likely as the others.
char RandomDigit() {
  constexpr uint8_t kFair = 256 - 256 % kBase62.size();
  uint8_t byte = kFair;
  while (byte >= kFair) {
    // Without randomness nothing that follows is safe.
    if (RAND_bytes(&byte, 1) != 1) std::abort();
  }
  return kBase62[byte % kBase62.size()];
}

}  // namespace

bool LooksLikeApiKey(std::string_view text) {
  return text.starts_with(kKeyBegin);
}

std::optional<ApiKey> ApiKey::Parse(std::string_view text) {
  if (!LooksLikeApiKey(text) || text.size() < kKeyBegin.size() + kDigits + 2) return std::nullopt;
  const std::string_view digits = text.substr(text.size() - kDigits);
  const std::string_view environment =
      text.substr(kKeyBegin.size(), text.size() - kDigits - kKeyBegin.size() - 1);
  const bool letters = std::all_of(environment.begin(), environment.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c));
  });
  const bool base62 = std::all_of(digits.begin(), digits.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c));
  });
  if (!letters || !base62 || text[text.size() - kDigits - 1] != '_') return std::nullopt;
  const std::string_view summed = text.substr(0, text.size() - kSumDigits);
  if (CheckSum(summed) != text.substr(summed.size())) return std::nullopt;
  return ApiKey{environment};
}

std::string NewApiKey(std::string_view environment) {
  std::string key(kKeyBegin);
  key += environment;
  key += '_';
  for (size_t i = 0; i < kRandomDigits; ++i)
    key += RandomDigit();
  return key + CheckSum(key);
}

std::string HashOfApiKey(std::string_view key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string ApiKeyPrefix(std::string_view key) {
  if (key.size() < kDigits) return "";
  return std::string(key.substr(0, key.size() - kDigits + kShown));
}

std::string ApiKeyLastFour(std::string_view key) {
  return std::string(key.substr(key.size() - std::min(key.size(), kShown)));
}

}  // namespace dramatis
