#include "shared/identity/programs/program_key.h"

#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include <boost/json/object.hpp>
#include <openssl/crypto.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "shared/identity/base64url.h"
#include "shared/identity/strict_json.h"

namespace dramatis {
namespace {

constexpr size_t kSeedBytes = 32;  // of Ed25519, and of its public key (RFC 8032, section 5.1.5)
constexpr size_t kSignatureBytes = 64;

std::string Encoded(std::string_view bytes) {
  return absl::WebSafeBase64Escape(absl::string_view(bytes.data(), bytes.size()));
}

// The member's bytes; none where they are not as many as a key has.
std::string MemberBytes(const boost::json::object& jwk, std::string_view name) {
  const boost::json::string* const text = TextMember(jwk, name);
  if (text == nullptr) return "";
  std::string bytes = DecodeBase64Url({text->data(), text->size()}).value_or("");
  if (bytes.size() != kSeedBytes) bytes.clear();
  return bytes;
}

bool Says(const boost::json::object& jwk, std::string_view name, std::string_view value) {
  const boost::json::string* const text = TextMember(jwk, name);
  return text != nullptr && std::string_view(text->data(), text->size()) == value;
}

absl::Status NoKey(std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("is no identity key: ", absl::string_view(why.data(), why.size()),
                   "; `dramatis identity new <folder>` makes one"));
}

}  // namespace

std::string_view ProgramOfKid(std::string_view kid) {
  const size_t dash = kid.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == kid.size()) return {};
  int number = 0;
  const std::string_view digits = kid.substr(dash + 1);
  if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &number) || number < 1) {
    return {};
  }
  return kid.substr(0, dash);
}

absl::StatusOr<ProgramKey> ProgramKey::Generate(const std::string& program, int number) {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (key == nullptr) return absl::InternalError("OpenSSL makes no Ed25519 key");
  return ProgramKey(absl::StrCat(program, "-", number), key);
}

absl::StatusOr<ProgramKey> ProgramKey::Parse(std::string_view text) {
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  const std::optional<boost::json::object> jwk = ParseStrictObject(text);
  if (!jwk.has_value()) return NoKey("it is no JSON object");
  if (!Says(*jwk, "kty", "OKP") || !Says(*jwk, "crv", "Ed25519")) {
    return NoKey("its kty is not OKP or its crv is not Ed25519");
  }
  const boost::json::string* const kid = TextMember(*jwk, "kid");
  if (kid == nullptr || ProgramOfKid({kid->data(), kid->size()}).empty()) {
    return NoKey("its kid is not <program>-<number>");
  }
  std::string seed = MemberBytes(*jwk, "d");
  const std::string point = MemberBytes(*jwk, "x");
  if (seed.empty() || point.empty()) {
    return NoKey("its x or d is not the base64url of 32 bytes");
  }
  EVP_PKEY* const made = EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), kSeedBytes);
  OPENSSL_cleanse(seed.data(), seed.size());
  if (made == nullptr) return NoKey("OpenSSL does not take it");
  ProgramKey key({kid->data(), kid->size()}, made);
  if (key.PublicBytes() != point) return NoKey("its x is not the public half of its d");
  return key;
}

std::string ProgramKey::program() const {
  return std::string(ProgramOfKid(kid_));
}

int ProgramKey::number() const {
  int number = 0;
  (void)absl::SimpleAtoi(kid_.substr(kid_.rfind('-') + 1), &number);
  return number;
}

std::string ProgramKey::PublicBytes() const {
  std::string bytes(kSeedBytes, '\0');
  size_t size = bytes.size();
  EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
  return bytes;
}

std::string ProgramKey::PublicText() const {
  return absl::StrCat(R"({"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":")", kid_,
                      R"(","x":")", Encoded(PublicBytes()), R"("})");
}

std::string ProgramKey::PrivateText() const {
  std::array<unsigned char, kSeedBytes> seed{};
  size_t size = seed.size();
  EVP_PKEY_get_raw_private_key(key_.get(), seed.data(), &size);
  std::string text = absl::StrCat(
      R"({"kty":"OKP","crv":"Ed25519","kid":")", kid_, R"(","x":")", Encoded(PublicBytes()),
      R"(","d":")", Encoded({reinterpret_cast<const char*>(seed.data()), seed.size()}), R"("})");
  OPENSSL_cleanse(seed.data(), seed.size());
  return text;
}

std::string ProgramKey::Sign(std::string_view header, std::string_view payload) const {
  std::string token = absl::StrCat(Encoded(header), ".", Encoded(payload));
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  std::array<unsigned char, kSignatureBytes> signature;
  size_t size = signature.size();
  // Only where memory has run out.
  if (context == nullptr ||
      EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(),
                            nullptr) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<const unsigned char*>(token.data()), token.size()) != 1) {
    return "";
  }
  absl::StrAppend(&token, ".", Encoded({reinterpret_cast<const char*>(signature.data()), size}));
  return token;
}

}  // namespace dramatis
