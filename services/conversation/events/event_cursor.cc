#include "services/conversation/events/event_cursor.h"

#include <array>
#include <memory>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace dramatis::conversation {
namespace {

constexpr std::string_view kPrefix = "event:";
// One block of AES: eight bytes of number, most significant first, then eight of zero, by which a
// forged one is told.
constexpr size_t kBlock = 16;
constexpr size_t kNumberBytes = 8;
// A block in base64url without padding.
constexpr size_t kEncoded = 22;

using Block = std::array<unsigned char, kBlock>;

// A single block, so the mode without chaining is the cipher itself.
Block Crypt(const std::string& key, const Block& in, bool encrypt) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  Block out{};
  int written = 0;
  const bool done = key.size() == kEventKeyBytes && context != nullptr &&
                    EVP_CipherInit_ex(context.get(), EVP_aes_128_ecb(), nullptr,
                                      reinterpret_cast<const unsigned char*>(key.data()), nullptr,
                                      encrypt ? 1 : 0) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
                    EVP_CipherUpdate(context.get(), out.data(), &written, in.data(), kBlock) == 1 &&
                    written == static_cast<int>(kBlock);
  if (!done) throw std::runtime_error("AES failed");
  return out;
}

}  // namespace

std::string NewEventKey() {
  std::string key(kEventKeyBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), kEventKeyBytes) != 1) {
    throw std::runtime_error("no random numbers");
  }
  return key;
}

std::string FormatEventCursor(const std::string& key, int64_t sequence) {
  Block plain{};
  for (size_t i = 0; i < kNumberBytes; ++i) {
    plain.at(i) =
        static_cast<unsigned char>(static_cast<uint64_t>(sequence) >> (8 * (kNumberBytes - 1 - i)));
  }
  const Block hidden = Crypt(key, plain, /*encrypt=*/true);
  return absl::StrCat(absl::string_view(kPrefix.data(), kPrefix.size()),
                      absl::WebSafeBase64Escape(absl::string_view(
                          reinterpret_cast<const char*>(hidden.data()), hidden.size())));
}

std::optional<int64_t> ParseEventCursor(const std::string& key, std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kEncoded) {
    return std::nullopt;
  }
  text.remove_prefix(kPrefix.size());
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(absl::string_view(text.data(), text.size()), &bytes) ||
      bytes.size() != kBlock) {
    return std::nullopt;
  }
  Block hidden{};
  for (size_t i = 0; i < kBlock; ++i)
    hidden.at(i) = static_cast<unsigned char>(bytes[i]);
  const Block plain = Crypt(key, hidden, /*encrypt=*/false);
  uint64_t number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i)
    number = number << 8 | plain.at(i);
  for (size_t i = kNumberBytes; i < kBlock; ++i) {
    if (plain.at(i) != 0) return std::nullopt;
  }
  const auto sequence = static_cast<int64_t>(number);
  // Base64 has several spellings for the last bits; one is a cursor.
  if (sequence < 0 || FormatEventCursor(key, sequence).substr(kPrefix.size()) != text) {
    return std::nullopt;
  }
  return sequence;
}

}  // namespace dramatis::conversation
