// The heads of HTTP/1.1 messages: what a request's must be beyond its grammar, and how an answer's
// is written. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/http/message.h"

namespace dramatis {

// Sets authority, path and query from a request target: the origin form, or the absolute form,
// which names us a second time (RFC 9112, 3.2; its scheme in any case, RFC 3986, 3.1).
void SetTarget(std::string_view target, HttpRequest& request);

// What Host and an authority are taken apart into.
struct HostPort {
  std::string_view host;  // an IPv6 address without its brackets
  std::string_view port;  // may be empty
  bool ipv6 = false;
};

// `uri-host [ ":" port ]` (RFC 9110, 7.2; RFC 3986, 3.2.2), without user information; nothing if it
// is none.
std::optional<HostPort> ParseHost(std::string_view text);

// Whether the head is one that can be worked on: exactly one Host, a valid one, a path, no
// fragment, one Authorization at most, and no transfer coding but `chunked`, in HTTP/1.0 none. (RFC
// 9112, 3.2 and 6.1; RFC 9110, 7.2. Boost.Beast passes over codings that it does not know, and
// would take such a body for the next request.)
bool IsSoundHead(const HttpRequest& request, bool http10);

// Appends the status line and the headers that an answer brings itself.
void AppendAnswerHead(const HttpAnswer& answer, std::string_view date, std::string& head);

}  // namespace dramatis
