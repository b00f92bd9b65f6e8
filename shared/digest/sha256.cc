#include "shared/digest/sha256.h"

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace dramatis {
namespace {

// Every OpenSSL has it; what else fails is memory.
void Check(bool done) {
  if (!done) std::abort();
}

const EVP_MD& Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Check(algorithm != nullptr);
  return *algorithm;
}

Sha256& OfThread() {
  thread_local Sha256 hash;
  return hash;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  Check(context_ != nullptr);
  Begin();
}

void Sha256::Begin() {
  Check(EVP_DigestInit_ex2(context_.get(), &Algorithm(), nullptr) == 1);
}

void Sha256::Add(std::string_view bytes) {
  Check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::Bytes() {
  Sha256Digest digest;
  Check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  Begin();
  return digest;
}

std::string Sha256::Digest() {
  const Sha256Digest digest = Bytes();
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string Sha256::Hex() {
  return absl::BytesToHexString(Digest());
}

Sha256Digest Sha256Bytes(std::string_view bytes) {
  OfThread().Add(bytes);
  return OfThread().Bytes();
}

std::string Sha256Of(std::string_view bytes) {
  OfThread().Add(bytes);
  return OfThread().Digest();
}

std::string Sha256Hex(std::string_view bytes) {
  OfThread().Add(bytes);
  return OfThread().Hex();
}

}  // namespace dramatis
