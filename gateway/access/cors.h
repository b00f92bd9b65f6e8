// Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol): an exact list of
// origins, never a wildcard. Immutable, thread-safe.
//
//   const Cors cors({"http://localhost:3000"});
//   cors.Append("http://localhost:3000", head);   // the headers of an ordinary answer
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/http/message.h"

namespace dramatis::gateway {

class Cors {
 public:
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  bool Allows(std::string_view origin) const;
  // Whether the request is a preflight.
  static bool IsPreflight(const HttpRequest& request);
  // The answer to a preflight: 204, with what is allowed where the origin is.
  HttpAnswer Preflight(std::string_view origin) const;
  // Appends header lines for an answer to `origin`; empty where the request had none.
  void Append(std::string_view origin, std::string& head) const;

 private:
  std::vector<std::string> origins_;
};

}  // namespace dramatis::gateway
