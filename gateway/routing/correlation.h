// The ids under which a request is worked on, from its headers or made. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "shared/http/message.h"
#include "shared/ids/ids.h"

namespace dramatis::gateway {

struct Correlation {
  // X-Correlation-ID, else X-Request-ID, where well-formed; else new.
  std::string id;
  // W3C trace context where well-formed; else empty.
  std::string traceparent;
  // The client sent X-Request-ID: it is answered under that name too.
  bool request_id = false;
};

Correlation ReadCorrelation(const HttpRequest& request, IdSource& ids);

}  // namespace dramatis::gateway
