#include "shared/identity/jws.h"

#include <memory>
#include <utility>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "shared/identity/base64url.h"
#include "shared/identity/strict_json.h"

namespace dramatis {
namespace {

namespace json = boost::json;
using Scheme = JwsAlgorithm::Scheme;

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Reads a member that must be text where it is there. False where it is something else.
bool ReadText(const json::object& header, const char* name, std::optional<std::string>& into) {
  const json::value* const value = header.if_contains(name);
  if (value == nullptr) return true;
  if (!value->is_string()) return false;
  into.emplace(value->get_string().data(), value->get_string().size());
  return true;
}

// OpenSSL reads ECDSA signatures in DER; a JWS has both numbers side by side, each of the curve's
// size (RFC 7518, section 3.4). Empty where it is none.
std::string ToDer(const std::string& signature, size_t size) {
  if (signature.size() != 2 * size) return "";
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  BIGNUM* const r = BN_bin2bn(Bytes(signature), static_cast<int>(size), nullptr);
  BIGNUM* const s = BN_bin2bn(Bytes(signature) + size, static_cast<int>(size), nullptr);
  if (pair == nullptr || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return "";
  }
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  if (length <= 0) return "";
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return text;
}

bool IsSignature(const JwsAlgorithm& algorithm,
                 const VerificationKey& key,
                 const std::string& signature,
                 const std::string& input) {
  if (algorithm.scheme != Scheme::kEcdsa) {
    return signature.size() == static_cast<size_t>(EVP_PKEY_get_size(key.key())) &&
           key.Verify(algorithm, signature, input);
  }
  return key.Verify(algorithm, ToDer(signature, algorithm.coordinate_bytes), input);
}

// What a token's first part says.
struct Header {
  std::string algorithm;
  std::optional<std::string> kid;
  std::optional<std::string> type;
};

std::optional<Header> ParseHeader(std::string_view part) {
  const std::optional<std::string> text = DecodeBase64Url(part);
  if (!text.has_value()) return std::nullopt;
  ParseMemory memory;
  const std::optional<json::object> object = ParseStrictObject(*text, memory.storage());
  if (!object.has_value()) return std::nullopt;
  for (const char* const refused : {"crit", "b64", "zip"}) {
    if (object->contains(refused)) return std::nullopt;
  }
  Header header;
  std::optional<std::string> algorithm;
  if (!ReadText(*object, "alg", algorithm) || !algorithm.has_value() ||
      !ReadText(*object, "kid", header.kid) || !ReadText(*object, "typ", header.type)) {
    return std::nullopt;
  }
  header.algorithm = *std::move(algorithm);
  return header;
}

// The same, of the tokens of one key parsed once: they all begin alike.
const Header* FindHeader(std::string_view part) {
  thread_local std::string last_part;
  thread_local std::optional<Header> last;
  if (part != last_part) {
    last_part = part;
    last = ParseHeader(part);
  }
  return last.has_value() ? &*last : nullptr;
}

}  // namespace

std::optional<Jws> Jws::Parse(std::string_view token) {
  if (token.size() > kMostTokenBytes) return std::nullopt;
  const size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::optional<std::string> payload = DecodeBase64Url(token.substr(first + 1, second - first - 1));
  std::optional<std::string> signature = DecodeBase64Url(token.substr(second + 1));
  if (!payload.has_value() || !signature.has_value()) return std::nullopt;
  const Header* const header = FindHeader(token.substr(0, first));
  if (header == nullptr) return std::nullopt;
  Jws jws;
  jws.algorithm = header->algorithm;
  jws.kid = header->kid;
  jws.type = header->type;
  jws.payload = *std::move(payload);
  jws.signature = *std::move(signature);
  jws.signing_input = std::string(token.substr(0, second));
  return jws;
}

JwsOutcome Jws::Verify(const KeySet& keys) const {
  const JwsAlgorithm* const wanted = FindJwsAlgorithm(algorithm);
  if (wanted == nullptr) return JwsOutcome::kAlgorithm;
  const VerificationKey* const key = keys.Find(kid, *wanted);
  if (key == nullptr) return JwsOutcome::kUnknownKey;
  if (!key->Fits(*wanted)) return JwsOutcome::kAlgorithm;
  const bool valid = IsSignature(*wanted, *key, signature, signing_input);
  // Why not is left in OpenSSL's queue, where the next user of this thread would find it.
  if (!valid) ERR_clear_error();
  return valid ? JwsOutcome::kValid : JwsOutcome::kSignature;
}

}  // namespace dramatis
