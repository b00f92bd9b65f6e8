#include "gateway/routing/request_call.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/json/request_error.h"
#include "gateway/json/wire.h"
#include "gateway/routing/query.h"
#include "shared/call/call_metadata.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::FieldDescriptor;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// Takes what is before the next ';', quoted strings whole (RFC 9110, 5.6.4), off the front.
std::string_view TakeParameter(std::string_view& rest) {
  bool quoted = false;
  size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != ';'); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (quoted && rest[end] == '\\') ++end;
  }
  const std::string_view taken = Trim(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

// `application/json`, with whichever parameters (RFC 9110, 8.3.1); a charset must be UTF-8.
bool IsJson(std::string_view content_type) {
  if (!SameText(TakeParameter(content_type), kJsonType)) return false;
  while (!content_type.empty()) {
    const std::string_view parameter = TakeParameter(content_type);
    const size_t equals = parameter.find('=');
    if (parameter.empty()) continue;
    if (equals == 0 || equals == std::string_view::npos) return false;
    const std::string_view value = parameter.substr(equals + 1);
    const bool utf8 = SameText(value, "utf-8") || SameText(value, "\"utf-8\"");
    if (SameText(parameter.substr(0, equals), "charset") && !utf8) return false;
  }
  return true;
}

// Whether an Accept header names the media type; a weight of 0 excludes it (RFC 9110, 12.5.1).
bool Accepts(std::string_view accept, std::string_view type) {
  while (!accept.empty()) {
    const size_t end = accept.find(',');
    const std::string_view range = accept.substr(0, end);
    const size_t parameters = range.find(';');
    if (SameText(Trim(range.substr(0, parameters)), type)) {
      const std::string_view weight =
          parameters == std::string_view::npos ? "" : Trim(range.substr(parameters + 1));
      return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000";
    }
    if (end == std::string_view::npos) return false;
    accept.remove_prefix(end + 1);
  }
  return false;
}

const RpcMethod& Choose(const Route& route, const HttpRequest& request, bool asked_in_request) {
  if (route.stream == nullptr) return *route.unary;
  if (route.unary == nullptr) return *route.stream;
  const bool stream = asked_in_request || Accepts(request.Header("accept"), kEventStreamType);
  return stream ? *route.stream : *route.unary;
}

absl::Status AppendPath(const RouteMatch& match, std::string& payload) {
  std::vector<FieldViolation> violations;
  for (size_t i = 0; i < match.variables.size(); ++i) {
    const FieldDescriptor& field = *match.route->variables[i];
    const std::string problem = AppendTextField(field, match.variables[i], payload);
    if (problem.empty()) continue;
    violations.push_back({FieldName(field, match.route->any().names), problem});
  }
  return violations.empty() ? absl::OkStatus() : FieldErrors(violations);
}

absl::Status AppendCursor(const RpcMethod& method,
                          const HttpRequest& request,
                          std::string& payload) {
  const std::string_view cursor = request.Header("last-event-id");
  if (method.cursor == nullptr || cursor.empty()) return absl::OkStatus();
  if (!IsValidUtf8(cursor)) {
    return RequestError(errors::v1::ERROR_REASON_INVALID_CURSOR, "is not a cursor",
                        "Last-Event-ID");
  }
  AppendLengthField(payload, method.cursor->number(), cursor);
  return absl::OkStatus();
}

// Headers that fill fields.
absl::Status AppendHeaderFields(const RpcMethod& method,
                                const HttpRequest& request,
                                std::string& payload) {
  for (const auto& [name, field] : method.headers) {
    if (!request.Has(name)) continue;
    if (!IsPrintableAscii(request.Header(name))) {
      return FieldErrors({{name, "must be printable ASCII"}});
    }
    AppendLengthField(payload, field->number(), request.Header(name));
  }
  return absl::OkStatus();
}

void AppendUpdateMask(const RpcMethod& method,
                      const std::vector<std::string>& present,
                      std::string& payload) {
  std::string mask;
  for (const std::string& path : present)
    AppendLengthField(mask, 1, path);
  AppendLengthField(payload, method.update_mask->number(), mask);
}

// Headers that go to the service as they are.
absl::Status AppendMetadata(const HttpRequest& request, RequestCall& call) {
  constexpr size_t kLongestKey = 128;
  const auto append = [&](const char* name, std::string_view value) {
    if (!IsPrintableAscii(value)) return FieldErrors({{name, "must be printable ASCII"}});
    call.metadata.emplace_back(name, std::string(value));
    return absl::OkStatus();
  };
  if (request.Has("idempotency-key")) {
    DRAMATIS_RETURN_IF_ERROR(append("idempotency-key", request.Header("idempotency-key")));
  }
  // A list, which may come in several lines (RFC 9110, section 5.3).
  for (const auto& [name, value] : request.headers) {
    if (SameText(name, "if-match")) DRAMATIS_RETURN_IF_ERROR(append("if-match", value));
  }
  if (request.Has("idempotency-key")) {
    const size_t length = request.Header("idempotency-key").size();
    if (length == 0 || length > kLongestKey) {
      return FieldErrors({{"Idempotency-Key", "must have 1 to 128 printable ASCII characters"}});
    }
    // One of two keys would be forgotten, and with it what it was given for.
    for (const auto& [name, value] : request.headers) {
      if (SameText(name, "idempotency-key") && value != request.Header(name)) {
        return FieldErrors({{"Idempotency-Key", "is given twice"}});
      }
    }
  }
  return absl::OkStatus();
}

bool Contains(const std::vector<const FieldDescriptor*>& fields, const FieldDescriptor* field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

// Where Accept or a parameter asks for a stream (as in `?stream=true`), read back from the wire.
bool AsksForStream(const RpcMethod& method, std::string_view wire) {
  if (method.stream == nullptr) return false;
  for (WireReader reader(wire); reader.Next();) {
    if (reader.number() == method.stream->number() && reader.value() == 1) return true;
  }
  return false;
}

}  // namespace

absl::Status CheckHead(const Route& route, const HttpRequest& request, bool has_body) {
  if (!has_body) return absl::OkStatus();
  if (!route.takes_body()) {
    return RequestError(errors::v1::ERROR_REASON_MALFORMED_REQUEST,
                        absl::StrCat("is not taken by ", route.verb, " ", route.path.text()),
                        "body");
  }
  const std::vector<std::string>& types = route.any().body_types;
  if (!types.empty()) {
    std::string_view given = request.Header("content-type");
    const std::string_view type = TakeParameter(given);
    const auto same = [&](const std::string& known) { return SameText(type, known); };
    if (std::none_of(types.begin(), types.end(), same)) {
      return RequestError(errors::v1::ERROR_REASON_UNSUPPORTED_MEDIA_TYPE,
                          absl::StrCat("must be ", absl::StrJoin(types, " or ")), "Content-Type");
    }
  } else if (!IsJson(request.Header("content-type"))) {
    return RequestError(errors::v1::ERROR_REASON_UNSUPPORTED_MEDIA_TYPE,
                        "must be application/json, in UTF-8", "Content-Type");
  }
  const std::string_view encoding = request.Header("content-encoding");
  if (!encoding.empty() && !SameText(encoding, "identity")) {
    return RequestError(errors::v1::ERROR_REASON_UNSUPPORTED_MEDIA_TYPE,
                        "must be absent: bodies are not compressed", "Content-Encoding");
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonBody> RequestCallBuilder::ReadBody(const Route& route,
                                                      const HttpRequest& request) const {
  if (!route.any().body_types.empty()) {
    // google.api.HttpBody, as it is.
    JsonBody raw;
    AppendLengthField(raw.wire, 1, request.Header("content-type"));
    AppendLengthField(raw.wire, 2, request.body);
    return raw;
  }
  const UnknownFields unknown =
      route.any().unknown_fields_ignored ? UnknownFields::kIgnored : UnknownFields::kRefused;
  if (route.body_field != nullptr) {
    return reader_.Read(request.body, *route.body_field->message_type(), {}, unknown);
  }
  if (route.body_is_request) {
    return reader_.Read(request.body, route.any().input(), route.variables, unknown);
  }
  return JsonBody();
}

absl::StatusOr<RequestCall> RequestCallBuilder::Build(const RouteMatch& match,
                                                      const HttpRequest& request,
                                                      const Correlation& correlation) const {
  const Route& route = *match.route;
  DRAMATIS_RETURN_IF_ERROR(CheckHead(route, request, !request.body.empty()));
  DRAMATIS_ASSIGN_OR_RETURN(JsonBody body, ReadBody(route, request));
  std::vector<const FieldDescriptor*> taken = route.variables;
  if (route.body_field != nullptr) taken.push_back(route.body_field);
  DRAMATIS_ASSIGN_OR_RETURN(
      const QueryFields query,
      ReadQuery(request.query, route.body_is_request ? nullptr : &route.any().input(), taken));

  RequestCall call;
  call.method =
      &Choose(route, request, body.checked.stream || AsksForStream(route.any(), query.wire));
  if (route.body_is_request) {
    call.payload = std::move(body.wire);
  } else if (route.body_field != nullptr) {
    AppendLengthField(call.payload, route.body_field->number(), body.wire);
    const FieldDescriptor* mask = call.method->update_mask;
    if (mask != nullptr && !Contains(query.given, mask)) {
      AppendUpdateMask(*call.method, body.checked.present, call.payload);
    }
  }
  call.payload += query.wire;
  DRAMATIS_RETURN_IF_ERROR(AppendPath(match, call.payload));
  DRAMATIS_RETURN_IF_ERROR(AppendCursor(*call.method, request, call.payload));
  DRAMATIS_RETURN_IF_ERROR(AppendHeaderFields(*call.method, request, call.payload));
  DRAMATIS_RETURN_IF_ERROR(AppendMetadata(request, call));
  call.metadata.emplace_back("x-correlation-id", correlation.id);
  if (!correlation.traceparent.empty()) {
    call.metadata.emplace_back("traceparent", correlation.traceparent);
  }
  return call;
}

}  // namespace dramatis::gateway
