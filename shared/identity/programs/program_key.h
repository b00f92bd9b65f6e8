// The Ed25519 key that a program signs its identity tokens with, as a file: a private JSON Web Key
// (RFC 7517, RFC 8037) whose `kid` is `<program>-<number>`.
//
//   absl::StatusOr<ProgramKey> key = ProgramKey::Parse(text);
//   const std::string token = key->Sign(header, payload);
//
// Immutable, so thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "absl/status/statusor.h"

namespace dramatis {

class ProgramKey {
 public:
  // A new key; `number` counts a program's keys.
  static absl::StatusOr<ProgramKey> Generate(const std::string& program, int number);
  // INVALID_ARGUMENT says what is wrong with it, never what is in it.
  static absl::StatusOr<ProgramKey> Parse(std::string_view text);

  const std::string& kid() const { return kid_; }
  // Whose key it is: what stands before the number.
  std::string program() const;
  int number() const;
  // What Parse reads.
  std::string PrivateText() const;
  // Its public half, an entry of a JWK Set.
  std::string PublicText() const;
  // The compact JWS (RFC 7515) of `header` and `payload`, as they are.
  std::string Sign(std::string_view header, std::string_view payload) const;

 private:
  ProgramKey(std::string kid, EVP_PKEY* key) : kid_(std::move(kid)), key_(key, EVP_PKEY_free) {}
  std::string PublicBytes() const;

  std::string kid_;
  std::shared_ptr<EVP_PKEY> key_;
};

// `<program>-<number>` as its program, empty where it is none.
std::string_view ProgramOfKid(std::string_view kid);

}  // namespace dramatis
