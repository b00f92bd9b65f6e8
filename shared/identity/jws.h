// Signed tokens: JWS in compact form (RFC 7515, RFC 7518, RFC 8725).
//
//   std::optional<Jws> jws = Jws::Parse(token);
//   if (jws.has_value() && jws->Verify(*keys) == JwsOutcome::kValid) ... jws->payload ...
//
// The algorithm is one of the allow-list and one that the key is for. Of the header only `alg`,
// `kid` and `typ` are read; a key that a token brings or points to (`jwk`, `jku`, `x5u`, `x5c`) is
// left alone, and whatever would change what the signature means (`crit`, `b64`, `zip`) is refused.
// Plain data; Verify is thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/identity/jwk.h"

namespace dramatis {

// The longest token that is read.
inline constexpr size_t kMostTokenBytes = size_t{16} * 1024;

enum class JwsOutcome {
  kValid,
  kAlgorithm,   // none of ours, or not the key's
  kUnknownKey,  // the set has no such key
  kSignature,
};

struct Jws {
  std::string algorithm;
  std::optional<std::string> kid;
  std::optional<std::string> type;  // `typ`
  std::string payload;
  std::string signature;
  std::string signing_input;  // what was signed: the first two parts as they came

  // nullopt where it is no such token.
  static std::optional<Jws> Parse(std::string_view token);
  JwsOutcome Verify(const KeySet& keys) const;
};

}  // namespace dramatis
