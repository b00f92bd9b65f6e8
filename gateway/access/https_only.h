// The answer to plain HTTP where only HTTPS is served: a redirect of what only reads, else a
// refusal (RFC 9110, sections 9.2.1 and 15.4.9).
//
//   if (std::optional<HttpAnswer> redirect = RedirectToHttps(request)) return *redirect;
//
// Pure functions.
#pragma once

#include <optional>
#include <string>

#include "shared/http/message.h"

namespace dramatis::gateway {

// One year, in seconds (RFC 6797, section 6.1.1).
inline constexpr char kStrictTransportSecurity[] =
    "Strict-Transport-Security: max-age=31536000\r\n";

// 308 to the same address over https: at its default port, or, with `same_port`, where HTTPS is
// served at the one that was asked. nullopt where the request changes
// something or names no host: it is to be refused with 403 HTTPS_REQUIRED.
std::optional<HttpAnswer> RedirectToHttps(const HttpRequest& request, bool same_port = false);

}  // namespace dramatis::gateway
