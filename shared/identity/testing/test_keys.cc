#include "shared/identity/testing/test_keys.h"

#include <array>
#include <cstdlib>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "shared/identity/jwk.h"

namespace dramatis {
namespace {

std::string Padded(const BIGNUM* number, size_t size) {
  std::string bytes(size, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
  return bytes;
}

// The reverse of what jws.cc does: both numbers side by side.
std::string FromDer(const std::string& der, size_t size) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(
      d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())), ECDSA_SIG_free);
  return Padded(ECDSA_SIG_get0_r(pair.get()), size) + Padded(ECDSA_SIG_get0_s(pair.get()), size);
}

}  // namespace

std::string EncodeBase64Url(const std::string& bytes) {
  return absl::WebSafeBase64Escape(bytes);
}

SigningKey SigningKey::Rsa(int bits) {
  return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(bits)));
}

SigningKey SigningKey::Ec(const std::string& curve) {
  return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()));
}

SigningKey SigningKey::Ed25519() {
  return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

std::string SigningKey::Number(const char* parameter) const {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key_.get(), parameter, &number) != 1) std::abort();
  const std::string bytes = Padded(number, static_cast<size_t>(BN_num_bytes(number)));
  BN_free(number);
  return EncodeBase64Url(bytes);
}

std::string SigningKey::Jwk(const std::string& kid,
                            const std::string& alg,
                            const std::string& more) const {
  std::string jwk = absl::StrCat(R"({"kid":")", kid, R"(")");
  if (!alg.empty()) absl::StrAppend(&jwk, R"(,"alg":")", alg, R"(")");
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
    absl::StrAppend(&jwk, R"(,"kty":"RSA","n":")", Number(OSSL_PKEY_PARAM_RSA_N), R"(","e":")",
                    Number(OSSL_PKEY_PARAM_RSA_E), R"(")");
  } else if (EVP_PKEY_is_a(key_.get(), "EC") == 1) {
    std::array<char, 32> group;
    std::array<unsigned char, 256> point;
    size_t size = 0;
    EVP_PKEY_get_utf8_string_param(key_.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.data(),
                                   group.size(), &size);
    EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                    &size);
    const std::string xy(reinterpret_cast<const char*>(point.data()) + 1, size - 1);
    const size_t half = xy.size() / 2;
    const std::string curve = half == 32 ? "P-256" : half == 48 ? "P-384" : "P-521";
    absl::StrAppend(&jwk, R"(,"kty":"EC","crv":")", curve, R"(","x":")",
                    EncodeBase64Url(xy.substr(0, half)), R"(","y":")",
                    EncodeBase64Url(xy.substr(half)), R"(")");
  } else {
    std::string x(32, '\0');
    size_t size = x.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(x.data()), &size);
    absl::StrAppend(&jwk, R"(,"kty":"OKP","crv":"Ed25519","x":")", EncodeBase64Url(x), R"(")");
  }
  return absl::StrCat(jwk, more, "}");
}

std::string SigningKey::Signature(const std::string& algorithm,
                                  const std::string& input,
                                  int salt) const {
  const JwsAlgorithm* const known = FindJwsAlgorithm(algorithm);
  if (known == nullptr) std::abort();
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  EVP_PKEY_CTX* of_key = nullptr;
  EVP_DigestSignInit_ex(context.get(), &of_key, known->digest, nullptr, nullptr, key_.get(),
                        nullptr);
  if (known->scheme == JwsAlgorithm::Scheme::kPss) {
    EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, salt < 0 ? RSA_PSS_SALTLEN_DIGEST : salt);
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size());
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes, input.size()) != 1) {
    std::abort();
  }
  signature.resize(size);
  return known->scheme == JwsAlgorithm::Scheme::kEcdsa ? FromDer(signature, known->coordinate_bytes)
                                                       : signature;
}

std::string SigningKey::Sign(const std::string& algorithm,
                             const std::string& header,
                             const std::string& payload) const {
  const std::string input = EncodeBase64Url(header) + "." + EncodeBase64Url(payload);
  return input + "." + EncodeBase64Url(Signature(algorithm, input));
}

std::string SigningKey::Pem() const {
  const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PUBKEY(memory.get(), key_.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<size_t>(size));
}

std::string KeySetText(const std::vector<std::string>& jwks) {
  return absl::StrCat(R"({"keys":[)", absl::StrJoin(jwks, ","), "]}");
}

std::string Hmac(const std::string& secret, const std::string& input) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data(), &size);
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace dramatis
