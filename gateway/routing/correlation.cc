#include "gateway/routing/correlation.h"

#include "shared/call/call_metadata.h"

namespace dramatis::gateway {
Correlation ReadCorrelation(const HttpRequest& request, IdSource& ids) {
  Correlation correlation;
  correlation.request_id = request.Has("x-request-id");
  for (const char* name : {"x-correlation-id", "x-request-id"}) {
    if (!correlation.id.empty()) break;
    const std::string given(request.Header(name));
    if (IsCorrelationId(given)) correlation.id = given;
  }
  if (correlation.id.empty()) correlation.id = ids.NewId();
  const std::string_view trace = request.Header("traceparent");
  correlation.traceparent = IsTraceparent(trace) ? std::string(trace) : NewTraceparent(ids);
  return correlation;
}

}  // namespace dramatis::gateway
