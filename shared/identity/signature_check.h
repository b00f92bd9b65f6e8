// Verifies signatures by one key and one algorithm, again and again.
//
//   std::shared_ptr<SignatureCheck> check = SignatureCheck::Make(key, algorithm);
//   if (check != nullptr && check->Verify(signature, input)) ...
//
// To get ready takes OpenSSL a good part of the time that an RSA verification takes. So what is
// ready is kept: as many contexts as have been at work at once. Thread-safe.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "shared/identity/jws_algorithm.h"

namespace dramatis {

class SignatureCheck {
 public:
  // Null where OpenSSL will not.
  static std::shared_ptr<SignatureCheck> Make(std::shared_ptr<EVP_PKEY> key,
                                              const JwsAlgorithm& algorithm);

  // Whether `signature`, as OpenSSL reads it (ECDSA in DER), is one of `input`.
  bool Verify(std::string_view signature, std::string_view input) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Free {
    void operator()(EVP_MD* p) const { EVP_MD_free(p); }
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
    void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  };
  using Digest = std::unique_ptr<EVP_MD, Free>;
  using Context = std::unique_ptr<EVP_PKEY_CTX, Free>;

  SignatureCheck(std::shared_ptr<EVP_PKEY> key, const JwsAlgorithm& algorithm, Digest digest)
      : key_(std::move(key)), algorithm_(algorithm), digest_(std::move(digest)) {}

  // Ready for EVP_PKEY_verify of a digest; null where OpenSSL will not.
  Context NewContext() const;
  // Of an algorithm that signs the input itself.
  bool VerifyWhole(std::string_view signature, std::string_view input) const;

  const std::shared_ptr<EVP_PKEY> key_;
  const JwsAlgorithm& algorithm_;
  const Digest digest_;  // null for Ed25519
  absl::Mutex mutex_;
  std::vector<Context> ready_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
