#include "gateway/access/trusted_proxies.h"

#include <algorithm>

#include <arpa/inet.h>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dramatis::gateway {
namespace {

constexpr int kAddressBits = 128;
constexpr int kIpv4Bits = 32;

bool IsDigits(std::string_view text) {
  return !text.empty() && absl::c_all_of(text, absl::ascii_isdigit);
}

// The parts of every header of that name, in order (RFC 9110, section 5.3).
std::vector<std::string_view> ListOf(const HttpRequest& request, std::string_view name) {
  std::vector<std::string_view> parts;
  for (const auto& [key, value] : request.headers) {
    if (!SameText(key, name)) continue;
    for (const absl::string_view part :
         absl::StrSplit(absl::string_view(value.data(), value.size()), ',')) {
      const absl::string_view stripped = absl::StripAsciiWhitespace(part);
      parts.emplace_back(stripped.data(), stripped.size());
    }
  }
  return parts;
}

// Without brackets and port, which some proxies write.
std::string_view AddressOnly(std::string_view address) {
  if (!address.empty() && address.front() == '[') {
    const size_t end = address.find(']');
    return end == std::string_view::npos ? "" : address.substr(1, end - 1);
  }
  const size_t colon = address.find(':');
  const bool one =
      colon != std::string_view::npos && address.find(':', colon + 1) == std::string_view::npos;
  return one ? address.substr(0, colon) : address;
}

}  // namespace

std::optional<TrustedProxies::Address> TrustedProxies::ParseAddress(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> name{};
  if (text.size() >= name.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), name.begin());
  Address address{};
  in_addr v4{};
  if (inet_pton(AF_INET, name.data(), &v4) == 1) {
    address[10] = address[11] = 0xff;
    const auto* const bytes = reinterpret_cast<const uint8_t*>(&v4);
    std::copy(bytes, bytes + sizeof(v4), address.begin() + 12);
    return address;
  }
  if (inet_pton(AF_INET6, name.data(), address.data()) == 1) return address;
  return std::nullopt;
}

std::optional<TrustedProxies::Network> TrustedProxies::ParseNetwork(const std::string& text) {
  const size_t slash = text.find('/');
  const std::optional<Address> address = ParseAddress(text.substr(0, slash));
  if (!address.has_value()) return std::nullopt;
  if (slash == std::string::npos) return Network{*address, kAddressBits};
  const int most = text.find(':') == std::string::npos ? kIpv4Bits : kAddressBits;
  const std::string digits = text.substr(slash + 1);
  int bits = 0;
  if (!IsDigits(digits) || !absl::SimpleAtoi(digits, &bits) || bits > most) return std::nullopt;
  return Network{*address, bits + kAddressBits - most};
}

absl::StatusOr<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& networks) {
  TrustedProxies proxies;
  for (const std::string& text : networks) {
    const std::optional<Network> network = ParseNetwork(text);
    if (!network.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("has `", text, "`, which is no address and no network such as 10.0.0.0/8"));
    }
    proxies.networks_.push_back(*network);
  }
  return proxies;
}

bool TrustedProxies::Contains(std::string_view address) const {
  const std::optional<Address> found = ParseAddress(address);
  return found.has_value() && Contains(*found);
}

bool TrustedProxies::Contains(const Address& address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return network.Has(address); });
}

bool TrustedProxies::Network::Has(const Address& other) const {
  const auto whole = static_cast<size_t>(bits / 8);  // bytes
  if (!std::equal(address.begin(), address.begin() + whole, other.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((address[whole] ^ other[whole]) >> (8 - rest)) == 0;
}

Arrival TrustedProxies::Read(const HttpRequest& request) const {
  Arrival arrival{.secure = request.tls, .client = std::string(request.peer)};
  if (networks_.empty() || !Contains(request.peer)) return arrival;
  // Each proxy may add what it saw: all of them saw https.
  const std::vector<std::string_view> protocols = ListOf(request, "x-forwarded-proto");
  arrival.secure =
      protocols.empty() ? request.tls : absl::c_all_of(protocols, [](std::string_view protocol) {
        return SameText(protocol, "https");
      });
  const std::vector<std::string_view> hops = ListOf(request, "x-forwarded-for");
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    const std::string_view text = AddressOnly(*hop);
    const std::optional<Address> address = ParseAddress(text);
    if (!address.has_value()) break;  // what is before it was not written by a proxy
    arrival.client = text;
    if (!Contains(*address)) break;
  }
  return arrival;
}

}  // namespace dramatis::gateway
