#include "shared/page/page_key.h"

#include <array>
#include <cstdlib>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace dramatis {

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
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
