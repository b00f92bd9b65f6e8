// What an OpenID Connect issuer says of itself.
// Source: https://openid.net/specs/openid-connect-discovery-1_0.html, section 4.
//
//   fetch(DiscoveryUrl(issuer)) -> ParseDiscovery(text, issuer)
//                               -> DiscoveredUrl(document, "jwks_uri")
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "absl/status/statusor.h"

namespace dramatis {

// Where its document is.
std::string DiscoveryUrl(std::string issuer);

// The document. INVALID_ARGUMENT where the text is none, or another issuer's.
absl::StatusOr<boost::json::object> ParseDiscovery(std::string_view text, std::string_view issuer);

// One of its addresses. INVALID_ARGUMENT where it is not there, or IsSafeUrl does not take it.
absl::StatusOr<std::string> DiscoveredUrl(const boost::json::object& document,
                                          const std::string& member);

// Whether a URL may be fetched from: https, or http to loopback.
bool IsSafeUrl(const std::string& url);

}  // namespace dramatis
