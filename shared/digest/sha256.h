// SHA-256 (FIPS 180-4).
//
//   Sha256Hex("abc");                                  // ba7816bf...
//   Sha256 hash; hash.Add("a"); hash.Add("bc"); hash.Digest();
//
// Finding an algorithm by its name takes OpenSSL 3 longer than hashing a message, and so does
// making a context: the one is done once, the other once per thread for the functions. A Sha256
// is of one thread at a time; the functions are thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace dramatis {

using Sha256Digest = std::array<uint8_t, 32>;

class Sha256 {
 public:
  Sha256();

  void Add(std::string_view bytes);
  // 32 bytes of all that was added; begins anew.
  Sha256Digest Bytes();
  std::string Digest();
  // The same in hexadecimal digits, lower case.
  std::string Hex();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  void Begin();

  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// 32 bytes.
Sha256Digest Sha256Bytes(std::string_view bytes);
std::string Sha256Of(std::string_view bytes);
// 64 hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace dramatis
