// Signs tokens for tests, well-formed or not.
//
//   const SigningKey key = SigningKey::Rsa();
//   const std::string token = key.Sign("RS256", R"({"alg":"RS256"})", R"({"sub":"ada"})");
//   const std::string keys = KeySetText({key.Jwk("a", "RS256")});
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>

namespace dramatis {

std::string EncodeBase64Url(const std::string& bytes);

class SigningKey {
 public:
  static SigningKey Rsa(int bits = 2048);
  static SigningKey Ec(const std::string& curve = "P-256");
  static SigningKey Ed25519();

  // Its public half; `alg` is left out where empty. `more` is put in as it is: `,"use":"enc"`.
  std::string Jwk(const std::string& kid,
                  const std::string& alg = "",
                  const std::string& more = "") const;
  // The compact JWS of `header` and `payload`, as they are.
  std::string Sign(const std::string& algorithm,
                   const std::string& header,
                   const std::string& payload) const;
  // The signature of any text, as JWS has it. `salt`: of PSS; the digest's length where negative.
  std::string Signature(const std::string& algorithm,
                        const std::string& input,
                        int salt = -1) const;
  // SubjectPublicKeyInfo in PEM: what HS256 attacks take for a secret.
  std::string Pem() const;

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  std::string Number(const char* parameter) const;

  std::shared_ptr<EVP_PKEY> key_;
};

std::string KeySetText(const std::vector<std::string>& jwks);
// HMAC with SHA-256.
std::string Hmac(const std::string& secret, const std::string& input);

}  // namespace dramatis
