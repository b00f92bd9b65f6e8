// Which neighbours are proxies that speak TLS for us, and what their headers say of the client.
//
//   absl::StatusOr<TrustedProxies> proxies = TrustedProxies::Parse({"10.0.0.0/8", "::1"});
//   const Arrival arrival = proxies->Read(request);
//   if (!arrival.secure) ... the client spoke plain HTTP ...
//
// Anybody can send `X-Forwarded-Proto` and `X-Forwarded-For`: they count only where the connection
// is a trusted proxy's. Immutable, so thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/http/message.h"

namespace dramatis::gateway {

// How a request came.
struct Arrival {
  // Over TLS, which we speak, or a trusted proxy does: what that one says of the client counts
  // more.
  bool secure = false;
  // Whose connection the last proxy that we trust took; for logs.
  std::string client;
};

class TrustedProxies {
 public:
  // Addresses and networks (RFC 4632, RFC 4291 section 2.3). INVALID_ARGUMENT names what is
  // neither.
  static absl::StatusOr<TrustedProxies> Parse(const std::vector<std::string>& networks);

  Arrival Read(const HttpRequest& request) const;
  bool Contains(std::string_view address) const;
  bool empty() const { return networks_.empty(); }

 private:
  // An IPv4 address as `::ffff:a.b.c.d`.
  using Address = std::array<uint8_t, 16>;
  struct Network {
    Address address;
    int bits = 0;

    bool Has(const Address& other) const;
  };
  bool Contains(const Address& address) const;
  static std::optional<Address> ParseAddress(std::string_view text);
  static std::optional<Network> ParseNetwork(const std::string& text);

  std::vector<Network> networks_;
};

}  // namespace dramatis::gateway
