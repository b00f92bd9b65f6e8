// What credentials allow, whoever they name: a set of the scopes that keys and tokens can have.
//
//   const std::optional<Scopes> needed = Scopes::Needed("account");   // of an RPC
//   if (!needed->In(call.identity.scopes)) return InsufficientScopeError(...);
//
// Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dramatis {

class Scopes {
 public:
  // None.
  constexpr Scopes() = default;
  // Whatever the caller's role allows.
  static constexpr Scopes All() { return Scopes(kAll); }
  static constexpr Scopes Admin() { return Scopes(kAdmin); }

  // Of `chat`, `personas_read`, `personas_write`, `memory` and `admin`; nullopt for another name.
  static std::optional<Scopes> Named(std::string_view name);
  // What an RPC needs that says this: the same names, `account` (all but `admin`), or none.
  static std::optional<Scopes> Needed(std::string_view name);

  constexpr void Add(Scopes others) { bits_ |= others.bits_; }
  constexpr void Remove(Scopes others) { bits_ &= static_cast<uint8_t>(~others.bits_); }
  // Whether each of them is in `others`.
  constexpr bool In(Scopes others) const { return (bits_ & ~others.bits_) == 0; }
  constexpr bool empty() const { return bits_ == 0; }
  // Their names, always in the same order.
  std::vector<std::string> Names() const;
  // One bit each, to be stored or sent.
  constexpr uint8_t bits() const { return bits_; }
  // Bits that mean nothing are left out.
  static constexpr Scopes FromBits(uint8_t bits) { return Scopes(bits & kAll); }

  friend constexpr bool operator==(Scopes, Scopes) = default;

 private:
  static constexpr uint8_t kAll = 0b1'1111;
  static constexpr uint8_t kAdmin = 0b1'0000;
  explicit constexpr Scopes(uint8_t bits) : bits_(bits) {}

  uint8_t bits_ = 0;
};

}  // namespace dramatis
