#include "gateway/access/local_access.h"

#include <optional>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "dramatis/errors/v1/errors.pb.h"

#include "shared/http/head.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

constexpr uint32_t kLoopbackNet = 127;

bool IsLoopback(const HostPort& host) {
  const std::string text(host.host);
  if (host.ipv6) {
    in6_addr address{};
    return inet_pton(AF_INET6, text.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
  }
  if (SameText(host.host, "localhost")) return true;
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == kLoopbackNet;
}

bool IsLoopback(std::string_view text) {
  const std::optional<HostPort> host = ParseHost(text);
  return host.has_value() && IsLoopback(*host);
}

bool IsSafe(std::string_view verb) {
  return verb == "GET" || verb == "HEAD" || verb == "OPTIONS";
}

// The port of an authority, where it is not what its scheme means anyway.
std::string_view PortOf(std::string_view authority, std::string_view usual) {
  const std::optional<HostPort> host = ParseHost(authority);
  return !host.has_value() || host->port == usual ? std::string_view() : host->port;
}

// Whether an origin is loopback, at the port that `authority`, which is loopback, names.
bool IsOwn(std::string_view origin, std::string_view authority) {
  struct Scheme {
    std::string_view prefix;
    std::string_view port;
  };
  for (const Scheme& scheme : {Scheme{"http://", "80"}, Scheme{"https://", "443"}}) {
    if (!origin.starts_with(scheme.prefix)) continue;
    origin.remove_prefix(scheme.prefix.size());
    return IsLoopback(origin) && PortOf(origin, scheme.port) == PortOf(authority, scheme.port);
  }
  return false;
}

absl::Status Refused(errors::v1::ErrorReason reason, const std::string& message) {
  return Error(absl::StatusCode::kPermissionDenied, reason, message);
}

}  // namespace

absl::Status CheckLocalAccess(const HttpRequest& request, const Cors& cors) {
  const std::string_view host = request.Header("host");
  const std::string_view authority = request.authority.empty() ? host : request.authority;
  for (const std::string_view name : {host, request.authority}) {
    if (name.empty() || IsLoopback(name)) continue;
    return Refused(errors::v1::ERROR_REASON_HOST_NOT_ALLOWED,
                   "in `local` the server answers as localhost, 127.0.0.1 or [::1] only");
  }
  if (IsSafe(request.verb)) return absl::OkStatus();
  for (const auto& [name, origin] : request.headers) {
    if (!SameText(name, "origin") || cors.Allows(origin) || IsOwn(origin, authority)) continue;
    return Refused(errors::v1::ERROR_REASON_ORIGIN_NOT_ALLOWED,
                   "a page of this origin may change nothing here: DRAMATIS_CORS_ORIGINS lists "
                   "those that may");
  }
  return absl::OkStatus();
}

}  // namespace dramatis::gateway
