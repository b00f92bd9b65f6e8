#include "gateway/tools/problems.h"

#include <utility>

#include "dramatis/options/v1/options.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;

struct Shared {
  int status;
  const char* name;
  const char* what;
};

// Every status that an operation may answer besides success.
constexpr Shared kShared[] = {
    {400, "BadRequest", "The request is malformed or not valid; `errors` names each field."},
    {401, "Unauthenticated", "No or wrong credentials."},
    {403, "Forbidden", "The caller may not do this."},
    {404, "NotFound", "There is no such thing, or it is not visible to the caller."},
    {409, "Conflict", "The state of things does not allow it, or another request came first."},
    {412, "PreconditionFailed", "The resource has changed since the `If-Match` given."},
    {413, "ContentTooLarge", "The body is too large."},
    {414, "UriTooLong", "The URL is too long."},
    {415, "UnsupportedMediaType", "The body is not of a media type that is taken."},
    {422, "Unprocessable", "What the request names cannot be used so."},
    {429, "TooManyRequests", "Too much at once; `Retry-After` says when to try again."},
    {431, "HeaderTooLarge", "The request's head is too large."},
    {500, "InternalError", "A defect; the log has it under the `correlationId`."},
    {502, "BadGateway", "The model's provider failed."},
    {503, "Unavailable",
     "A service cannot be reached just now; `Retry-After` says when to try again."},
    {504, "Timeout", "The answer did not come in time."},
};

const Shared* Find(int status) {
  for (const Shared& shared : kShared) {
    if (shared.status == status) return &shared;
  }
  return nullptr;
}

// The words of a text that could be codes.
std::set<std::string> CapitalWords(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
      continue;
    }
    if (!word.empty()) words.insert(std::exchange(word, {}));
  }
  return words;
}

// Whether a request names something that may not be there.
bool NamesThings(const google::protobuf::Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    const bool sent = !field.options().GetExtension(options::v1::rule).output_only();
    const std::string& name = field.name();
    if (sent && (absl::EndsWith(name, "_id") || absl::EndsWith(name, "_ids"))) return true;
  }
  return false;
}

json::object HeaderReference(const char* name) {
  return {{"$ref", absl::StrCat("#/components/headers/", name)}};
}

}  // namespace

int Problems::StatusOf(const Reason& reason) const {
  if (reason.http_status != 0) return reason.http_status;
  // The comment of a reason ends with its gRPC code.
  constexpr std::pair<const char*, absl::StatusCode> kCodes[] = {
      {"INVALID_ARGUMENT", absl::StatusCode::kInvalidArgument},
      {"UNAUTHENTICATED", absl::StatusCode::kUnauthenticated},
      {"PERMISSION_DENIED", absl::StatusCode::kPermissionDenied},
      {"NOT_FOUND", absl::StatusCode::kNotFound},
      {"ABORTED", absl::StatusCode::kAborted},
      {"ALREADY_EXISTS", absl::StatusCode::kAlreadyExists},
      {"FAILED_PRECONDITION", absl::StatusCode::kFailedPrecondition},
      {"RESOURCE_EXHAUSTED", absl::StatusCode::kResourceExhausted},
      {"UNAVAILABLE", absl::StatusCode::kUnavailable},
      {"DEADLINE_EXCEEDED", absl::StatusCode::kDeadlineExceeded},
      {"UNIMPLEMENTED", absl::StatusCode::kUnimplemented},
  };
  const std::set<std::string> words =
      CapitalWords(comments_.Of(absl::StrCat(reason.domain, ".ERROR_REASON_", reason.name)));
  for (const auto& [name, code] : kCodes) {
    if (words.contains(name)) return HttpStatusOf(code);
  }
  return HttpStatusOf(absl::StatusCode::kInternal);
}

std::set<std::string> Problems::Named(const Route& route) const {
  std::set<std::string> codes;
  for (const RpcMethod* method : {route.unary, route.stream}) {
    if (method == nullptr) continue;
    for (const std::string& word : CapitalWords(comments_.Of(method->descriptor->full_name()))) {
      if (reasons_.Find(word) != nullptr) codes.insert(word);
    }
  }
  return codes;
}

std::map<int, std::set<std::string>> Problems::Of(const Route& route) const {
  std::map<int, std::set<std::string>> problems;
  for (const int status : {400, 403, 414, 429, 431, 500, 503, 504})
    problems[status];
  if (route.any().access.access != options::v1::ACCESS_PUBLIC) problems[401];
  const bool in_body =
      route.body_field != nullptr && NamesThings(*route.body_field->message_type());
  if (in_body || NamesThings(route.any().input())) problems[404];
  if (route.verb != "GET") problems[409];
  if (route.takes_body()) {
    problems[413];
    problems[415];
  }
  for (const std::string& code : Named(route)) {
    problems[StatusOf(*reasons_.Find(code))].insert(code);
  }
  return problems;
}

json::object Problems::Schema() const {
  json::array codes;
  for (const auto& [name, reason] : reasons_.reasons())
    codes.emplace_back(name);
  const auto text = [](const char* what) {
    return json::object{{"type", "string"}, {"description", what}};
  };
  const json::object error{{"type", "object"},
                           {"required", {"field", "message"}},
                           {"properties",
                            {{"field", text("The field's path, in the spelling of the answer.")},
                             {"message", text("What is wrong with it.")}}}};
  return {
      {"type", "object"},
      {"description", "An error (RFC 9457). Further members are facts about it."},
      {"properties",
       {{"type", text("`urn:dramatis:error:` and the code.")},
        {"title", text("The code in words, the same at every occurrence.")},
        {"status", {{"type", "integer"}, {"minimum", 400}, {"maximum", 599}}},
        {"detail", text("What happened, for people.")},
        {"instance", text("The request's path.")},
        {"code", {{"type", "string"}, {"enum", std::move(codes)}}},
        {"errors",
         {{"type", "array"}, {"description", "Each field that is not valid."}, {"items", error}}},
        {"error",
         {{"type", "object"},
          {"description",
           "On `/v1` only: message, type, param and code, as clients of OpenAI's API read them."}}},
        {"correlationId", text("As `X-Correlation-ID`: the log has the request under it.")},
        {"retryAfterSeconds",
         {{"type", "integer"}, {"minimum", 1}, {"description", "As `Retry-After`."}}}}},
      {"required", {"type", "title", "status", "detail", "instance", "code", "correlationId"}}};
}

std::string Problems::ResponseName(int status) {
  const Shared* shared = Find(status);
  return shared == nullptr ? "" : shared->name;
}

json::object Problems::Response(int status, const std::set<std::string>& codes) {
  const Shared* shared = Find(status);
  std::string what = shared == nullptr ? "An error." : shared->what;
  if (!codes.empty()) absl::StrAppend(&what, " `", absl::StrJoin(codes, "`, `"), "`.");
  json::object headers{{"X-Correlation-ID", HeaderReference("CorrelationId")}};
  if (status == 401) headers["WWW-Authenticate"] = HeaderReference("Authenticate");
  if (status == 429 || status == 503) headers["Retry-After"] = HeaderReference("RetryAfter");
  return {
      {"description", what},
      {"headers", std::move(headers)},
      {"content",
       {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

json::object Problems::Responses(const RouteTable& routes) const {
  std::set<int> used;
  for (const auto& route : routes.routes()) {
    for (const auto& [status, codes] : Of(*route)) {
      if (codes.empty()) used.insert(status);
    }
  }
  json::object responses;
  for (const int status : used)
    responses[ResponseName(status)] = Response(status, {});
  return responses;
}

}  // namespace dramatis::gateway
