// Public keys of an issuer: JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037).
//
//   absl::StatusOr<KeySet> keys = ParseKeySet(body);
//   const VerificationKey* key = keys->Find("2026-11");
//
// What may be done with a key is the key's to say, not the token's: a key names its algorithm, or
// its type does. Symmetric keys are never taken from a set, since whoever can read one could sign.
// Keys that are none of ours (another use, type or algorithm) are passed over, as RFC 7517 section
// 5 asks. Immutable and thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <openssl/evp.h>

#include "absl/status/statusor.h"
#include "shared/identity/jws_algorithm.h"
#include "shared/identity/signature_check.h"

namespace dramatis {

// nullptr for every other name, `none` and HS256 among them.
const JwsAlgorithm* FindJwsAlgorithm(std::string_view name);

class VerificationKey {
 public:
  // The key of a JWK, or why it is none that we can verify with.
  static absl::StatusOr<VerificationKey> Parse(const boost::json::object& jwk);

  // Empty where it has none.
  const std::string& kid() const { return kid_; }
  // Whether signatures of this algorithm may be verified with it.
  bool Fits(const JwsAlgorithm& algorithm) const;
  EVP_PKEY* key() const { return key_.get(); }
  // Whether `signature`, in OpenSSL's form, is one of `input` by this key and an algorithm that
  // fits.
  bool Verify(const JwsAlgorithm& algorithm,
              std::string_view signature,
              std::string_view input) const;

 private:
  void Prepare();
  absl::Status ParseRsa(const boost::json::object& jwk);
  absl::Status ParseEc(const boost::json::object& jwk);
  absl::Status ParseOkp(const boost::json::object& jwk);

  std::string kid_;
  const JwsAlgorithm* algorithm_ = nullptr;  // null: an RSA key of any of the RSA algorithms
  std::shared_ptr<EVP_PKEY> key_;
  // By algorithm that fits.
  std::vector<std::pair<const JwsAlgorithm*, std::shared_ptr<SignatureCheck>>> checks_;
};

class KeySet {
 public:
  explicit KeySet(std::vector<VerificationKey> keys) : keys_(std::move(keys)) {}

  // The key for a token: that of its `kid`, or, where it has none, the only one that fits. nullptr
  // where there is none.
  const VerificationKey* Find(const std::optional<std::string>& kid,
                              const JwsAlgorithm& algorithm) const;
  size_t size() const { return keys_.size(); }

 private:
  std::vector<VerificationKey> keys_;
};

// A JWK Set. INVALID_ARGUMENT where it is malformed, names a kid twice or has no key of ours.
absl::StatusOr<KeySet> ParseKeySet(std::string_view text);

}  // namespace dramatis
