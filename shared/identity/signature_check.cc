#include "shared/identity/signature_check.h"

#include <array>
#include <utility>

#include <openssl/rsa.h>

namespace dramatis {
namespace {

using Scheme = JwsAlgorithm::Scheme;

const unsigned char* BytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool SetPss(EVP_PKEY_CTX* context, const JwsAlgorithm& algorithm) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, algorithm.digest, nullptr) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

std::shared_ptr<SignatureCheck> SignatureCheck::Make(std::shared_ptr<EVP_PKEY> key,
                                                     const JwsAlgorithm& algorithm) {
  Digest digest;
  if (algorithm.digest != nullptr) {
    digest.reset(EVP_MD_fetch(nullptr, algorithm.digest, nullptr));
    if (digest == nullptr) return nullptr;
  }
  std::shared_ptr<SignatureCheck> check(
      new SignatureCheck(std::move(key), algorithm, std::move(digest)));
  if (check->digest_ == nullptr) return check;
  Context context = check->NewContext();
  if (context == nullptr) return nullptr;
  const absl::MutexLock lock(&check->mutex_);
  check->ready_.push_back(std::move(context));
  return check;
}

SignatureCheck::Context SignatureCheck::NewContext() const {
  Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  const bool ready = context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
                     EVP_PKEY_CTX_set_signature_md(context.get(), digest_.get()) == 1 &&
                     (algorithm_.scheme != Scheme::kPss || SetPss(context.get(), algorithm_));
  if (!ready) return nullptr;
  return context;
}

bool SignatureCheck::Verify(std::string_view signature, std::string_view input) {
  if (digest_ == nullptr) return VerifyWhole(signature, input);
  // Its memory is kept for the thread's next digest.
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> hash(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (hash == nullptr || EVP_DigestInit_ex2(hash.get(), digest_.get(), nullptr) != 1 ||
      EVP_DigestUpdate(hash.get(), input.data(), input.size()) != 1 ||
      EVP_DigestFinal_ex(hash.get(), digest.data(), &size) != 1) {
    return false;
  }
  Context context;
  {
    const absl::MutexLock lock(&mutex_);
    if (!ready_.empty()) {
      context = std::move(ready_.back());
      ready_.pop_back();
    }
  }
  if (context == nullptr) context = NewContext();
  if (context == nullptr) return false;
  const bool valid = EVP_PKEY_verify(context.get(), BytesOf(signature), signature.size(),
                                     digest.data(), size) == 1;
  const absl::MutexLock lock(&mutex_);
  ready_.push_back(std::move(context));
  return valid;
}

bool SignatureCheck::VerifyWhole(std::string_view signature, std::string_view input) const {
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(),
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), BytesOf(signature), signature.size(), BytesOf(input),
                          input.size()) == 1;
}

}  // namespace dramatis
