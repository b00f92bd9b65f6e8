#include "shared/page/page_token.h"

#include <array>
#include <optional>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr size_t kChecksumBytes = 16;
constexpr size_t kLengthBytes = 4;

void AppendBlock(std::string& out, std::string_view block) {
  for (size_t i = 0; i < kLengthBytes; ++i) {
    out.push_back(static_cast<char>(block.size() >> (8 * (kLengthBytes - 1 - i))));
  }
  out.append(block);
}

// Takes a length-prefixed block off the front of `in`.
std::optional<std::string> TakeBlock(std::string_view& in) {
  if (in.size() < kLengthBytes) return std::nullopt;
  size_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length = length << 8 | static_cast<unsigned char>(in[i]);
  }
  in.remove_prefix(kLengthBytes);
  if (in.size() < length) return std::nullopt;
  std::string block(in.substr(0, length));
  in.remove_prefix(length);
  return block;
}

// The first 128 bits of SHA-256 over the scope, length-prefixed, and the keys as encoded.
std::string Checksum(const std::string& scope, std::string_view encoded_keys) {
  std::string input = "dramatis page token\n";
  AppendBlock(input, scope);
  input.append(encoded_keys);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data());
  return std::string(reinterpret_cast<const char*>(digest.data()), kChecksumBytes);
}

}  // namespace

std::string EncodePageToken(const std::string& scope, const std::vector<std::string>& keys) {
  std::string encoded_keys;
  for (const std::string& key : keys)
    AppendBlock(encoded_keys, key);
  return absl::WebSafeBase64Escape(Checksum(scope, encoded_keys) + encoded_keys);
}

absl::StatusOr<std::vector<std::string>> DecodePageToken(const std::string& scope,
                                                         const std::string& token,
                                                         size_t count) {
  absl::Status error = CursorError("page_token");
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() < kChecksumBytes) return error;
  std::string_view rest = std::string_view(bytes).substr(kChecksumBytes);
  const std::string expected = Checksum(scope, rest);
  if (CRYPTO_memcmp(expected.data(), bytes.data(), kChecksumBytes) != 0) return error;
  std::vector<std::string> keys;
  while (!rest.empty()) {
    std::optional<std::string> key = TakeBlock(rest);
    if (!key.has_value()) return error;
    keys.push_back(*std::move(key));
  }
  if (keys.size() != count) return error;
  return keys;
}

}  // namespace dramatis
