#include "shared/page/page_key.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace dramatis {
namespace {

struct MacFree {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, MacFree>;

// HMAC-SHA256 without a key: finding the algorithms by their names takes longer than a signature.
const EVP_MAC_CTX& Prototype() {
  static const EVP_MAC_CTX& prototype = *[] {
    EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
    EVP_MAC_CTX* const context = hmac == nullptr ? nullptr : EVP_MAC_CTX_new(hmac);
    char digest[] = SN_sha256;
    const std::array<OSSL_PARAM, 2> parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    // Every OpenSSL has it; without it nothing can be signed.
    if (context == nullptr || EVP_MAC_CTX_set_params(context, parameters.data()) != 1) std::abort();
    EVP_MAC_free(hmac);  // the context holds it
    return context;
  }();
  return prototype;
}

}  // namespace

std::string Hmac(std::string_view key, std::string_view text) {
  const MacContext context(EVP_MAC_CTX_dup(&Prototype()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  size_t size = 0;
  const bool made =
      context != nullptr &&
      EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                   nullptr) == 1 &&
      EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size()) == 1 &&
      EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1;
  if (!made) std::abort();  // memory has run out
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string PageKey::Random() {
  std::string bytes(kBytes, '\0');
  // Without randomness no secret can be made; OpenSSL has none left only where the system has none.
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), kBytes) != 1) std::abort();
  return bytes;
}

const PageKey& PageKey::OfProcess() {
  static const PageKey& key = *new PageKey;
  return key;
}

void PageKey::Set(std::string bytes) {
  const absl::MutexLock lock(&mutex_);
  bytes_ = std::move(bytes);
}

std::string PageKey::Sign(std::string_view text) const {
  const absl::MutexLock lock(&mutex_);
  return Hmac(bytes_, text);
}

}  // namespace dramatis
