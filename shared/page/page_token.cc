#include "shared/page/page_token.h"

#include <optional>
#include <string_view>

#include <openssl/crypto.h>

#include "absl/strings/escaping.h"
#include "shared/page/page_key.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr size_t kSignatureBytes = 16;
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

std::string Signature(const PageScope& scope, std::string_view encoded_keys) {
  return scope.Sign(encoded_keys).substr(0, kSignatureBytes);
}

}  // namespace

PageScope::PageScope(const CallContext& call, const std::string& list)
    : key_(call.page_key != nullptr ? *call.page_key : PageKey::OfProcess()),
      prefix_("dramatis page token\n") {
  AppendBlock(prefix_, list);  // with its length: where it ends must not be up to the keys
}

std::string PageScope::Sign(std::string_view encoded_keys) const {
  std::string text = prefix_;
  text += encoded_keys;
  return key_.Sign(text);
}

std::string EncodePageToken(const PageScope& scope, const std::vector<std::string>& keys) {
  std::string encoded_keys;
  for (const std::string& key : keys)
    AppendBlock(encoded_keys, key);
  return absl::WebSafeBase64Escape(Signature(scope, encoded_keys) + encoded_keys);
}

absl::StatusOr<std::vector<std::string>> DecodePageToken(const PageScope& scope,
                                                         const std::string& token,
                                                         size_t count) {
  absl::Status error = CursorError("page_token");
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() < kSignatureBytes) return error;
  std::string_view rest = std::string_view(bytes).substr(kSignatureBytes);
  const std::string expected = Signature(scope, rest);
  if (CRYPTO_memcmp(expected.data(), bytes.data(), kSignatureBytes) != 0) return error;
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
