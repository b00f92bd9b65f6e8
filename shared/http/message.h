// An HTTP request as the gateway's rules see it, and an answer as they make it. Plain data, so that
// they are tested without a socket.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dramatis {

// Views into what the connection holds until it is answered.
struct HttpRequest {
  std::string_view verb;
  // Of the absolute form: `host:port`, which names us beside Host.
  std::string_view authority;
  // The path and, after '?', the query; both as they came.
  std::string_view path;
  std::string_view query;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  // Whose connection it is, as an address without a port; empty where that is not known.
  std::string_view peer;
  // Whether that connection is TLS.
  bool tls = false;

  // The first header of this name (lower case), or empty. Names are compared without regard to
  // case.
  std::string_view Header(std::string_view name) const;
  bool Has(std::string_view name) const;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type;  // empty: no body
  std::string body;
  // Sent instead of `body` where not empty: text that lives as long as the program.
  std::string_view static_body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Whether the two are the same but for the case of ASCII letters.
bool SameText(std::string_view a, std::string_view b);

inline constexpr char kJsonType[] = "application/json";
inline constexpr char kProblemType[] = "application/problem+json";
inline constexpr char kEventStreamType[] = "text/event-stream";

}  // namespace dramatis
