#include "gateway/routing/problem.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/text.h"
#include "gateway/routing/given_keys.h"
#include "gateway/routing/openai_error.h"
#include "shared/http/percent.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

// Whoever is told to wait for longer may as well ask again after that.
constexpr absl::Duration kLongestWait = absl::Hours(24);

// The reason of an error that brought none.
std::string ReasonOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return "VALIDATION_FAILED";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return "CONFLICT";
    case absl::StatusCode::kResourceExhausted:
      return "OVERLOADED";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case absl::StatusCode::kDeadlineExceeded:
      return "TIMEOUT";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    case absl::StatusCode::kUnimplemented:
      return "NOT_IMPLEMENTED";
    default:
      return "INTERNAL";
  }
}

// A path as it may stand in JSON and in a URI reference: other bytes escaped.
std::string SafePath(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c > 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '<' && c != '>') {
      out += c;
    } else {
      out += PercentEncode(std::string_view(&c, 1));
    }
  }
  return out;
}

// One JSON object, member by member.
class ObjectWriter {
 public:
  ObjectWriter() : out_("{") {
    constexpr size_t kUsualBytes = 512;
    out_.reserve(kUsualBytes);
    names_.reserve(kUsualNames);
  }
  void Text(std::string_view name, std::string_view value) {
    Name(name);
    AppendJsonString(out_, value);
  }
  void Raw(std::string_view name, std::string_view json) {
    Name(name);
    out_ += json;
  }
  // Whether the object has the member.
  bool Has(std::string_view name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }
  std::string Take() { return std::move(out_) + "}"; }

 private:
  static constexpr size_t kUsualNames = 10;

  void Name(std::string_view name) {
    if (!names_.empty()) out_ += ',';
    names_.emplace_back(name);
    AppendJsonString(out_, name);
    out_ += ':';
  }

  std::string out_;
  std::vector<std::string> names_;
};

// Fields that headers fill, where nothing else has.
void AddHeaders(const RpcMethod* method, GivenKeys& keys) {
  if (method == nullptr) return;
  if (method->cursor != nullptr) keys.emplace(method->cursor->name(), "Last-Event-ID");
  for (const auto& [name, field] : method->headers)
    keys.emplace(field->name(), name);
}

// How the client spelled what it gave.
GivenKeys KeysOf(const ProblemContext& context) {
  if (context.route == nullptr || context.own) return {};
  const Route& route = *context.route;
  if (route.body_field != nullptr) {
    return KeysOfBody(context.body, *route.body_field->message_type());
  }
  GivenKeys keys = route.body_is_request ? KeysOfBody(context.body, route.any().input())
                                         : KeysOfQuery(context.query, route.any().input());
  AddHeaders(route.unary, keys);
  AddHeaders(route.stream, keys);
  return keys;
}

// A violation's field as the client knows it: without the request's field that the body fills,
// spelled as the client spelled it, else as the answer is.
std::string ClientField(const std::string& field,
                        const ProblemContext& context,
                        const GivenKeys& keys) {
  const Route* route = context.route;
  if (route == nullptr || context.own) return field;
  const RpcMethod& method = route->any();
  if (route->body_field != nullptr) {
    const std::string prefix = route->body_field->name() + ".";
    if (absl::StartsWith(field, prefix)) {
      return RespellPath(*route->body_field->message_type(),
                         std::string_view(field).substr(prefix.size()), method.names, keys);
    }
    if (field == route->body_field->name()) return "body";
  }
  return RespellPath(method.input(), field, method.names, keys);
}

// The last `count` segments of a path.
std::string_view LastSegments(std::string_view path, size_t count) {
  size_t begin = path.size();
  for (; count > 0 && begin != std::string_view::npos; --count)
    begin = begin == 0 ? std::string_view::npos : path.rfind('.', begin - 1);
  return begin == std::string_view::npos ? path : path.substr(begin + 1);
}

// How the client knows the field that a text about `field` calls `name`: seen from the message that
// has `field`, from those around it, from the request or from the resource in it. Nothing if there
// is no such field.
std::optional<std::string> ClientName(std::string_view name,
                                      std::string_view field,
                                      const ProblemContext& context,
                                      const GivenKeys& keys) {
  const RpcMethod& method = context.route->any();
  std::vector<std::string> places;
  for (size_t dot = field.rfind('.'); dot != std::string_view::npos;
       dot = dot == 0 ? std::string_view::npos : field.rfind('.', dot - 1)) {
    places.emplace_back(field.substr(0, dot + 1));
  }
  places.emplace_back();
  if (context.route->body_field != nullptr) {
    places.push_back(context.route->body_field->name() + ".");
  }
  for (const std::string& place : places) {
    const std::string path = place + std::string(name);
    if (!IsFieldPath(method.input(), path)) continue;
    const auto segments = static_cast<size_t>(std::count(name.begin(), name.end(), '.')) + 1;
    return std::string(LastSegments(ClientField(path, context, keys), segments));
  }
  return std::nullopt;
}

// A service's words, with the names of fields in them as the client knows them. Only names that are
// spelled in two ways are looked for: what has no underscore is the same in both.
std::string ClientText(std::string_view text,
                       std::string_view field,
                       const ProblemContext& context,
                       const GivenKeys& keys) {
  if (context.route == nullptr || context.own) return std::string(text);
  const auto in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  std::string out;
  while (!text.empty()) {
    size_t end = 0;
    while (end < text.size() && in_name(text[end]))
      ++end;
    std::string_view name = text.substr(0, end);
    while (!name.empty() && name.back() == '.')  // the end of a sentence
      name.remove_suffix(1);
    std::optional<std::string> known;
    if (name.find('_') != std::string_view::npos) known = ClientName(name, field, context, keys);
    if (name.empty()) name = text.substr(0, std::max<size_t>(end, 1));
    out += known.has_value() ? *known : std::string(name);
    text.remove_prefix(name.size());
  }
  return out;
}

std::vector<FieldViolation> ClientViolations(const absl::Status& error,
                                             const ProblemContext& context,
                                             const GivenKeys& keys) {
  std::vector<FieldViolation> violations;
  const auto bad_request = GetBadRequest(error);
  if (!bad_request.has_value()) return violations;
  for (const auto& violation : bad_request->field_violations()) {
    violations.push_back({ClientField(violation.field(), context, keys),
                          ClientText(violation.description(), violation.field(), context, keys)});
  }
  return violations;
}

std::string ErrorsJson(const std::vector<FieldViolation>& violations) {
  std::string out = "[";
  for (const FieldViolation& violation : violations) {
    if (out.size() > 1) out += ',';
    ObjectWriter entry;
    entry.Text("field", violation.field);
    entry.Text("message", violation.description);
    out += entry.Take();
  }
  return out + "]";
}

int RetryAfterSeconds(const absl::Status& error, int status) {
  const std::optional<absl::Duration> given = GetRetryAfter(error);
  if (given.has_value()) {
    const absl::Duration wait = std::clamp(*given, absl::Seconds(1), kLongestWait);
    return static_cast<int>(std::ceil(absl::ToDoubleSeconds(wait)));
  }
  return status == 503 || status == 429 ? 1 : 0;
}

// What a person may read. A failure of ours says no more than its title: what else there is to say
// is in the log, under the correlation id.
std::string DetailOf(const absl::Status& error,
                     const std::vector<FieldViolation>& violations,
                     int status,
                     const std::string& title,
                     const ProblemContext& context,
                     const GivenKeys& keys) {
  if (status >= 500 || error.message().empty()) return title;
  if (violations.empty()) return ClientText(std::string(error.message()), "", context, keys);
  std::string detail;
  for (const FieldViolation& violation : violations) {
    absl::StrAppend(&detail, detail.empty() ? "" : "; ", violation.field, " ",
                    violation.description);
  }
  return detail;
}

}  // namespace

Problem MakeProblem(const absl::Status& error,
                    const ReasonTable& reasons,
                    const ProblemContext& context) {
  Problem problem;
  problem.status = HttpStatusOf(error.code());
  const std::optional<google::rpc::ErrorInfo> info = GetErrorInfo(error);
  const Reason* reason = info.has_value() ? reasons.Find(info->reason()) : nullptr;
  problem.code = ReasonOf(error.code());
  if (reason == nullptr) reason = reasons.Find(problem.code);
  std::string title = "Error";
  if (reason != nullptr) {
    problem.code = reason->name;
    title = reason->title;
    if (reason->http_status != 0) problem.status = reason->http_status;
  }
  problem.retry_after_seconds = RetryAfterSeconds(error, problem.status);

  const GivenKeys keys = KeysOf(context);
  const std::vector<FieldViolation> violations = ClientViolations(error, context, keys);
  ObjectWriter out;
  out.Text("type", absl::StrCat("urn:dramatis:error:", problem.code));
  out.Text("title", title);
  out.Raw("status", std::to_string(problem.status));
  out.Text("detail", DetailOf(error, violations, problem.status, title, context, keys));
  out.Text("instance", SafePath(context.path));
  out.Text("code", problem.code);
  if (!violations.empty()) out.Raw("errors", ErrorsJson(violations));
  out.Text("correlationId", context.correlation_id);
  if (problem.retry_after_seconds > 0) {
    out.Raw("retryAfterSeconds", std::to_string(problem.retry_after_seconds));
  }
  if (info.has_value()) {
    const bool snake = context.route != nullptr && context.route->any().names == Names::kSnake;
    // A map has no order of its own; a document should.
    const std::map<std::string, std::string> facts(info->metadata().begin(),
                                                   info->metadata().end());
    for (const auto& [key, value] : facts) {
      const std::string name = snake ? key : CamelCase(key);
      if (!out.Has(name)) out.Text(name, value);
    }
  }
  if (context.openai) {
    std::string param = violations.empty() ? GetFact(error, "param") : violations.front().field;
    const OpenAiError shown = {
        .message = DetailOf(error, violations, problem.status, title, context, keys),
        .param = std::move(param),
        .reason = problem.code,
        .status = problem.status};
    out.Raw("error", OpenAiErrorJson(shown));
    problem.no_retry = !WaitingHelps(problem.code, problem.status);
  }
  problem.json = out.Take();
  return problem;
}

HttpAnswer ProblemAnswer(Problem problem) {
  HttpAnswer answer;
  answer.status = problem.status;
  answer.content_type = kProblemType;
  answer.body = std::move(problem.json);
  if (problem.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (problem.no_retry) answer.headers.emplace_back("x-should-retry", "false");
  if (problem.retry_after_seconds > 0) {
    answer.headers.emplace_back("Retry-After", std::to_string(problem.retry_after_seconds));
  }
  return answer;
}

}  // namespace dramatis::gateway
