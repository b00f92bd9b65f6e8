#include "shared/http/head.h"

#include <algorithm>

#include <arpa/inet.h>

namespace dramatis {
namespace {

// The names of RFC 9110, section 15, and RFC 6585.
const char* NameOf(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

void AppendHeader(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  head += value;
  head += "\r\n";
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// A registered name or an IPv4 address, and not the empty one: a server of http has a name
// (RFC 9110, 4.2.1). Escapes, which no name of a host has, are not taken.
bool IsRegName(std::string_view name) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

int CountHeaders(const HttpRequest& request, std::string_view name) {
  return static_cast<int>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const auto& header) { return SameText(header.first, name); }));
}

}  // namespace

void SetTarget(std::string_view target, HttpRequest& request) {
  bool absolute = false;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (absolute || !SameText(target.substr(0, scheme.size()), scheme)) continue;
    absolute = true;
    target.remove_prefix(scheme.size());
    request.authority = target.substr(0, target.find_first_of("/?#"));
    target.remove_prefix(request.authority.size());
    if (request.authority.empty()) return;  // not sound: it has no path
  }
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (absolute && request.path.empty()) request.path = "/";
  request.query =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
}

std::optional<HostPort> ParseHost(std::string_view text) {
  HostPort parsed;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parsed.ipv6 = true;
    parsed.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    in6_addr address{};
    if (inet_pton(AF_INET6, std::string(parsed.host).c_str(), &address) != 1) return std::nullopt;
  } else {
    parsed.host = text.substr(0, text.find(':'));
    text.remove_prefix(parsed.host.size());
    if (!IsRegName(parsed.host)) return std::nullopt;
  }
  if (text.empty()) return parsed;
  constexpr size_t kLongestPort = 5;
  parsed.port = text.substr(1);
  if (text[0] != ':' || parsed.port.size() > kLongestPort) return std::nullopt;
  if (!std::all_of(parsed.port.begin(), parsed.port.end(), IsDigit)) return std::nullopt;
  return parsed;
}

bool IsSoundHead(const HttpRequest& request, bool http10) {
  const int hosts = CountHeaders(request, "host");
  if (hosts > 1 || (hosts == 0 && !http10)) return false;
  if (hosts == 1 && !ParseHost(request.Header("host")).has_value()) return false;
  if (!request.authority.empty() && !ParseHost(request.authority).has_value()) return false;
  if (CountHeaders(request, "authorization") > 1) return false;
  const int codings = CountHeaders(request, "transfer-encoding");
  if (codings > (http10 ? 0 : 1)) return false;
  if (codings == 1 && !SameText(request.Header("transfer-encoding"), "chunked")) return false;
  if (request.path.find('#') != std::string_view::npos) return false;
  if (request.query.find('#') != std::string_view::npos) return false;
  if (request.path == "*") return request.verb == "OPTIONS";
  return !request.path.empty() && request.path[0] == '/';
}

void AppendAnswerHead(const HttpAnswer& answer, std::string_view date, std::string& head) {
  head += "HTTP/1.1 ";
  head += std::to_string(answer.status);
  head += ' ';
  head += NameOf(answer.status);
  head += "\r\n";
  AppendHeader(head, "Date", date);
  bool cached = false;
  for (const auto& [name, value] : answer.headers) {
    cached = cached || name == "Cache-Control";
    AppendHeader(head, name, value);
  }
  if (!cached) AppendHeader(head, "Cache-Control", "no-store");
  if (answer.content_type.empty()) return;
  AppendHeader(head, "Content-Type", answer.content_type);
  AppendHeader(head, "X-Content-Type-Options", "nosniff");
}

}  // namespace dramatis
