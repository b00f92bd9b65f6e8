#include "gateway/access/cors.h"

#include <algorithm>

namespace dramatis::gateway {

bool Cors::Allows(std::string_view origin) const {
  return !origin.empty() && std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

bool Cors::IsPreflight(const HttpRequest& request) {
  return request.verb == "OPTIONS" && request.Has("origin") &&
         request.Has("access-control-request-method");
}

HttpAnswer Cors::Preflight(std::string_view origin) const {
  HttpAnswer answer;
  answer.status = 204;
  if (!Allows(origin)) return answer;
  answer.headers = {
      {"Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS"},
      {"Access-Control-Allow-Headers",
       "Content-Type, Authorization, x-api-key, X-Correlation-ID, X-Request-ID, Idempotency-Key, "
       "If-Match, "
       "Last-Event-ID, traceparent"},
      {"Access-Control-Max-Age", "86400"},
  };
  return answer;
}

void Cors::Append(std::string_view origin, std::string& head) const {
  head += "Vary: Origin\r\n";
  if (!Allows(origin)) return;
  head += "Access-Control-Allow-Origin: ";
  head += origin;
  head +=
      "\r\nAccess-Control-Allow-Credentials: true\r\n"
      "Access-Control-Expose-Headers: X-Correlation-ID, X-Request-ID, ETag, Location, Allow, "
      "Retry-After, Idempotency-Replayed, RateLimit, RateLimit-Policy\r\n";
}

}  // namespace dramatis::gateway
