#include "shared/identity/jwk.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <boost/json/array.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "absl/strings/str_cat.h"
#include "shared/identity/base64url.h"
#include "shared/identity/strict_json.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

namespace json = boost::json;
using Scheme = JwsAlgorithm::Scheme;

constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;
constexpr int kMostExponentBits = 64;
constexpr size_t kMostKeys = 100;
constexpr size_t kEd25519Bytes = 32;

constexpr std::array<JwsAlgorithm, 10> kAlgorithms = {{
    {"RS256", Scheme::kPkcs1, "SHA256", "", nullptr, 0},
    {"RS384", Scheme::kPkcs1, "SHA384", "", nullptr, 0},
    {"RS512", Scheme::kPkcs1, "SHA512", "", nullptr, 0},
    {"PS256", Scheme::kPss, "SHA256", "", nullptr, 0},
    {"PS384", Scheme::kPss, "SHA384", "", nullptr, 0},
    {"PS512", Scheme::kPss, "SHA512", "", nullptr, 0},
    {"ES256", Scheme::kEcdsa, "SHA256", "P-256", "P-256", 32},
    {"ES384", Scheme::kEcdsa, "SHA384", "P-384", "P-384", 48},
    {"ES512", Scheme::kEcdsa, "SHA512", "P-521", "P-521", 66},
    {"EdDSA", Scheme::kEd25519, nullptr, "Ed25519", nullptr, kEd25519Bytes},
}};

struct Free {
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

absl::Status RefusedKey(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("a key ", std::string(why)));
}

std::optional<std::string> BytesMember(const json::object& jwk, std::string_view name) {
  const json::string* const text = TextMember(jwk, name);
  return text == nullptr ? std::nullopt
                         : DecodeBase64Url(std::string_view(text->data(), text->size()));
}

Owned<BIGNUM> ToNumber(const std::string& bytes) {
  return Owned<BIGNUM>(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                 static_cast<int>(bytes.size()), nullptr));
}

// A public key of `type` from what `fill` puts into the builder, checked by OpenSSL.
template <class Fill>
std::shared_ptr<EVP_PKEY> MakeKey(const char* type, Fill fill) {
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  EVP_PKEY* made = nullptr;
  if (builder != nullptr && fill(builder.get())) {
    const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    if (parameters != nullptr && context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1) {
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get());
    }
  }
  std::shared_ptr<EVP_PKEY> key(made, EVP_PKEY_free);
  if (key != nullptr) {
    const Owned<EVP_PKEY_CTX> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) key = nullptr;
  }
  ERR_clear_error();
  return key;
}

// Whether the key is for verifying signatures (RFC 7517, sections 4.2 and 4.3).
bool MayVerify(const json::object& jwk) {
  if (const json::value* const use = jwk.if_contains("use"); use != nullptr) {
    if (!use->is_string() || use->get_string() != "sig") return false;
  }
  const json::value* const operations = jwk.if_contains("key_ops");
  if (operations == nullptr) return true;
  if (!operations->is_array()) return false;
  const json::array& list = operations->get_array();
  return std::any_of(list.begin(), list.end(), [](const json::value& operation) {
    return operation.is_string() && operation.get_string() == "verify";
  });
}

bool IsRsa(const JwsAlgorithm& algorithm) {
  return algorithm.scheme == Scheme::kPkcs1 || algorithm.scheme == Scheme::kPss;
}

}  // namespace

const JwsAlgorithm* FindJwsAlgorithm(std::string_view name) {
  const auto* const found =
      std::find_if(kAlgorithms.begin(), kAlgorithms.end(),
                   [&](const JwsAlgorithm& algorithm) { return algorithm.name == name; });
  return found == kAlgorithms.end() ? nullptr : found;
}

absl::Status VerificationKey::ParseRsa(const json::object& jwk) {
  if (algorithm_ != nullptr && !IsRsa(*algorithm_))
    return RefusedKey("has another type's algorithm");
  const std::optional<std::string> n = BytesMember(jwk, "n");
  const std::optional<std::string> e = BytesMember(jwk, "e");
  if (!n.has_value() || !e.has_value()) return RefusedKey("has no modulus or exponent");
  const Owned<BIGNUM> modulus = ToNumber(*n);
  const Owned<BIGNUM> exponent = ToNumber(*e);
  const int bits = BN_num_bits(modulus.get());
  if (bits < kLeastRsaBits || bits > kMostRsaBits) return RefusedKey("is too small or too large");
  if (BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) == 1 ||
      BN_num_bits(exponent.get()) > kMostExponentBits) {
    return RefusedKey("has an exponent that is even, 1 or too large");
  }
  key_ = MakeKey("RSA", [&](OSSL_PARAM_BLD* builder) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1;
  });
  return key_ == nullptr ? RefusedKey("is no RSA key") : absl::OkStatus();
}

absl::Status VerificationKey::ParseEc(const json::object& jwk) {
  const json::string* const curve = TextMember(jwk, "crv");
  const auto* const of_curve =
      std::find_if(kAlgorithms.begin(), kAlgorithms.end(), [&](const JwsAlgorithm& algorithm) {
        return algorithm.scheme == Scheme::kEcdsa && curve != nullptr &&
               *curve == json::string_view(algorithm.curve.data(), algorithm.curve.size());
      });
  if (of_curve == kAlgorithms.end()) return RefusedKey("is on a curve that is not ours");
  if (algorithm_ != nullptr && algorithm_ != of_curve)
    return RefusedKey("has another curve's algorithm");
  algorithm_ = of_curve;
  const std::optional<std::string> x = BytesMember(jwk, "x");
  const std::optional<std::string> y = BytesMember(jwk, "y");
  const size_t size = algorithm_->coordinate_bytes;
  if (!x.has_value() || !y.has_value() || x->size() != size || y->size() != size) {
    return RefusedKey("has no point of its curve's size");
  }
  const std::string point = "\x04" + *x + *y;  // uncompressed (SEC 1, section 2.3.3)
  key_ = MakeKey("EC", [&](OSSL_PARAM_BLD* builder) {
    return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, algorithm_->group,
                                           0) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                            point.size()) == 1;
  });
  return key_ == nullptr ? RefusedKey("is no point of its curve") : absl::OkStatus();
}

absl::Status VerificationKey::ParseOkp(const json::object& jwk) {
  const JwsAlgorithm* const ed25519 = FindJwsAlgorithm("EdDSA");
  const json::string* const curve = TextMember(jwk, "crv");
  if (curve == nullptr || *curve != "Ed25519") return RefusedKey("is on a curve that is not ours");
  if (algorithm_ != nullptr && algorithm_ != ed25519)
    return RefusedKey("has another type's algorithm");
  algorithm_ = ed25519;
  const std::optional<std::string> x = BytesMember(jwk, "x");
  if (!x.has_value() || x->size() != kEd25519Bytes) return RefusedKey("has no point of 32 bytes");
  key_ = std::shared_ptr<EVP_PKEY>(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr,
                                     reinterpret_cast<const unsigned char*>(x->data()), x->size()),
      EVP_PKEY_free);
  ERR_clear_error();
  return key_ == nullptr ? RefusedKey("is no Ed25519 key") : absl::OkStatus();
}

absl::StatusOr<VerificationKey> VerificationKey::Parse(const json::object& jwk) {
  VerificationKey key;
  if (jwk.contains("kid")) {
    const json::string* const kid = TextMember(jwk, "kid");
    if (kid == nullptr) return RefusedKey("has a kid that is no text");
    key.kid_.assign(kid->data(), kid->size());
  }
  if (!MayVerify(jwk)) return RefusedKey("is not for verifying");
  // A private key that is published can sign for anybody.
  if (jwk.contains("d") || jwk.contains("k")) return RefusedKey("is secret");
  if (jwk.contains("alg")) {
    const json::string* const name = TextMember(jwk, "alg");
    if (name != nullptr) {
      key.algorithm_ = FindJwsAlgorithm(std::string_view(name->data(), name->size()));
    }
    if (key.algorithm_ == nullptr) return RefusedKey("is for an algorithm that is not ours");
  }
  const json::string* const type = TextMember(jwk, "kty");
  absl::Status parsed = RefusedKey("is of a type that is not ours");
  if (type != nullptr && *type == "RSA") {
    parsed = key.ParseRsa(jwk);
  } else if (type != nullptr && *type == "EC") {
    parsed = key.ParseEc(jwk);
  } else if (type != nullptr && *type == "OKP") {
    parsed = key.ParseOkp(jwk);
  }
  DRAMATIS_RETURN_IF_ERROR(parsed);
  key.Prepare();
  return key;
}

void VerificationKey::Prepare() {
  for (const JwsAlgorithm& algorithm : kAlgorithms) {
    if (!Fits(algorithm)) continue;
    if (auto check = SignatureCheck::Make(key_, algorithm)) {
      checks_.emplace_back(&algorithm, std::move(check));
    }
  }
  ERR_clear_error();
}

bool VerificationKey::Verify(const JwsAlgorithm& algorithm,
                             std::string_view signature,
                             std::string_view input) const {
  for (const auto& [of, check] : checks_) {
    if (of == &algorithm) return check->Verify(signature, input);
  }
  return false;
}

bool VerificationKey::Fits(const JwsAlgorithm& algorithm) const {
  return algorithm_ == nullptr ? IsRsa(algorithm) : algorithm_ == &algorithm;
}

const VerificationKey* KeySet::Find(const std::optional<std::string>& kid,
                                    const JwsAlgorithm& algorithm) const {
  const VerificationKey* found = nullptr;
  for (const VerificationKey& key : keys_) {
    if (kid.has_value()) {
      if (key.kid() == *kid) return &key;
    } else if (key.Fits(algorithm)) {
      if (found != nullptr) return nullptr;
      found = &key;
    }
  }
  return found;
}

absl::StatusOr<KeySet> ParseKeySet(std::string_view text) {
  const std::optional<json::object> set = ParseStrictObject(text);
  const json::value* const list = set.has_value() ? set->if_contains("keys") : nullptr;
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError("this is no JWK Set");
  }
  if (list->get_array().size() > kMostKeys) {
    return absl::InvalidArgumentError("the set has too many keys");
  }
  std::vector<VerificationKey> keys;
  std::set<std::string> kids;
  absl::Status why = absl::InvalidArgumentError("the set is empty");
  for (const json::value& entry : list->get_array()) {
    if (!entry.is_object()) return absl::InvalidArgumentError("a key is no object");
    const json::string* const kid = TextMember(entry.get_object(), "kid");
    if (kid != nullptr && !kids.emplace(kid->data(), kid->size()).second) {
      return absl::InvalidArgumentError("the set names a kid twice");
    }
    absl::StatusOr<VerificationKey> key = VerificationKey::Parse(entry.get_object());
    if (key.ok()) {
      keys.push_back(*std::move(key));
    } else {
      why = std::move(key).status();
    }
  }
  if (keys.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the set has no key to verify with: ", std::string(why.message())));
  }
  return KeySet(std::move(keys));
}

}  // namespace dramatis
