// An algorithm that a token is signed with. Plain data.
#pragma once

#include <cstddef>
#include <string_view>

namespace dramatis {

// One of RS, PS, ES with 256, 384 or 512, or EdDSA with Ed25519 (RFC 7518 section 3.1, RFC 8037).
struct JwsAlgorithm {
  enum class Scheme { kPkcs1, kPss, kEcdsa, kEd25519 };
  std::string_view name;
  Scheme scheme;
  const char* digest;       // OpenSSL's name; null for Ed25519
  std::string_view curve;   // the JWK's name; empty for RSA
  const char* group;        // OpenSSL's name of it
  size_t coordinate_bytes;  // of a point, and of each half of a signature
};

}  // namespace dramatis
