#include "gateway/access/https_only.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dramatis::gateway {
namespace {

constexpr int kPermanentRedirect = 308;

// Whether it can be part of an address as it is.
bool IsHost(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
  });
}

std::string_view WithoutPort(std::string_view host) {
  const size_t bracket = host.rfind(']');
  const size_t colon = host.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? host.substr(0, colon) : host;
}

}  // namespace

std::optional<HttpAnswer> RedirectToHttps(const HttpRequest& request, bool same_port) {
  if (request.verb != "GET" && request.verb != "HEAD") return std::nullopt;
  const std::string_view host = request.Header("host");
  if (!IsHost(host) || request.path.empty() || request.path.front() != '/') return std::nullopt;
  std::string location = "https://";
  location += same_port ? host : WithoutPort(host);
  location += request.path;
  if (!request.query.empty()) {
    location += '?';
    location += request.query;
  }
  HttpAnswer answer;
  answer.status = kPermanentRedirect;
  answer.headers.emplace_back("Location", std::move(location));
  return answer;
}

}  // namespace dramatis::gateway
