#include "gateway/correlation.h"

#include "shared/call/call.h"

namespace dramatis::gateway {
namespace {

// Lower-case hexadecimal of this many digits, not all of them 0.
bool IsHex(std::string_view text, size_t size, bool zero_allowed) {
  if (text.size() != size) return false;
  bool zero = true;
  for (const char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    if (c != '0') zero = false;
  }
  return zero_allowed || !zero;
}

}  // namespace

bool IsTraceparent(std::string_view text) {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  if (!IsHex(version, 2, true) || version == "ff") return false;
  // Later versions may append fields.
  if (text.size() > 55 && (version == "00" || text[55] != '-')) return false;
  return IsHex(text.substr(3, 32), 32, false) && IsHex(text.substr(36, 16), 16, false) &&
         IsHex(text.substr(53, 2), 2, true) && IsPrintableAscii(text);
}

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
  if (IsTraceparent(trace)) correlation.traceparent = std::string(trace);
  return correlation;
}

}  // namespace dramatis::gateway
