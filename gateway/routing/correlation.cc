#include "gateway/routing/correlation.h"

#include <utility>

#include "shared/call/call_metadata.h"

namespace dramatis::gateway {
Correlation ReadCorrelation(const HttpRequest& request, IdSource& ids) {
  Correlation correlation;
  correlation.request_id = request.Has("x-request-id");
  for (const char* name : {"x-correlation-id", "x-request-id"}) {
    if (!correlation.id.empty()) break;
    std::string given(request.Header(name));
    if (IsCorrelationId(given)) correlation.id = std::move(given);
  }
  const bool correlated = !correlation.id.empty();
  if (!correlated) correlation.id = ids.NewId();
  const std::string_view trace = request.Header("traceparent");
  if (IsTraceparent(trace)) {
    correlation.traceparent = trace;
  } else {
    correlation.traceparent = correlated ? NewTraceparent(ids) : TraceparentOf(correlation.id);
  }
  return correlation;
}

}  // namespace dramatis::gateway
