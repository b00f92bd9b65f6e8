#include "gateway/tools/operation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dramatis/options/v1/body_options.pb.h"
#include "dramatis/options/v1/document_options.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/check.h"
#include "gateway/routing/query.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

constexpr char kEtagMismatch[] = "ETAG_MISMATCH";

json::object Reference(const char* section, const char* name) {
  return {{"$ref", absl::StrCat("#/components/", section, "/", name)}};
}

json::object TextHeader(const char* what) {
  return {{"description", what}, {"schema", {{"type", "string"}}}};
}

// What stands for bytes that are no message of ours.
json::object RawSchema(const std::string& type) {
  if (type == "application/json") return {{"type", "object"}, {"additionalProperties", true}};
  return {{"type", "string"}, {"format", "binary"}};
}

bool Contains(const std::vector<const pb::FieldDescriptor*>& fields,
              const pb::FieldDescriptor& field) {
  return std::find(fields.begin(), fields.end(), &field) != fields.end();
}

class Operation {
 public:
  Operation(const Route& route,
            Schemas& schemas,
            const Problems& problems,
            const Comments& comments)
      : route_(route),
        method_(route.any()),
        schemas_(schemas),
        problems_(problems),
        comments_(comments) {}

  absl::StatusOr<json::object> Describe() {
    DRAMATIS_RETURN_IF_ERROR(ReadExample());
    const pb::MethodDescriptor& rpc = *method_.descriptor;
    const std::string comment = comments_.Of(rpc.full_name());
    std::string description = comment;
    if (route_.unary != nullptr && route_.stream != nullptr) {
      absl::StrAppend(&description, "\n\nWith `\"stream\": true` or `Accept: text/event-stream`: ",
                      comments_.Of(route_.stream->descriptor->full_name()));
    }
    json::object operation{
        {"operationId", absl::StrCat(rpc.name(), "_", absl::AsciiStrToLower(route_.verb))},
        {"tags", json::array{rpc.service()->name()}},
        {"summary", FirstSentence(comment)},
        {"description", description},
        {"parameters", Parameters()}};
    if (route_.takes_body()) operation["requestBody"] = Body();
    operation["responses"] = Responses();
    operation["security"] =
        method_.access.access == options::v1::ACCESS_PUBLIC
            ? json::array{}
            : json::array{json::object{{"bearer", json::array{}}}, json::object{}};
    return operation;
  }

 private:
  absl::Status Broken(const std::string& why) const {
    return absl::InvalidArgumentError(
        absl::StrCat(method_.descriptor->full_name(), ": its example ", why));
  }

  // Whether there is anything to fill in.
  bool TakesAnything() const {
    const bool in_body_or_path = route_.takes_body() || !route_.variables.empty();
    const pb::Descriptor& input = method_.input();
    for (int i = 0; i < input.field_count(); ++i) {
      if (in_body_or_path || InQuery(*input.field(i))) return true;
    }
    return false;
  }

  absl::Status ReadExample() {
    const std::string& text =
        method_.descriptor->options().GetExtension(options::v1::example).request();
    if (text.empty()) return TakesAnything() ? Broken("is missing") : absl::OkStatus();
    const absl::Status good = CheckJson(text, method_.input(), {}).status();
    if (!good.ok()) return Broken(std::string(good.message()));
    example_ = json::parse(text).as_object();
    const pb::Descriptor& input = method_.input();
    for (int i = 0; i < input.field_count(); ++i) {
      const pb::FieldDescriptor& field = *input.field(i);
      const bool needed = field.options().GetExtension(options::v1::rule).required();
      if (needed && Example(field) == nullptr) return Broken("lacks " + field.name());
    }
    return absl::OkStatus();
  }

  const json::value* Example(const pb::FieldDescriptor& field) const {
    return example_.if_contains(FieldName(field, method_.names));
  }

  bool InPath(const pb::FieldDescriptor& field) const { return Contains(route_.variables, field); }

  bool InQuery(const pb::FieldDescriptor& field) const {
    return !route_.body_is_request && route_.body_field != &field && !InPath(field) &&
           method_.cursor != &field && !InHeader(field) && IsTextual(field);
  }

  bool InHeader(const pb::FieldDescriptor& field) const {
    return std::any_of(method_.headers.begin(), method_.headers.end(),
                       [&](const auto& header) { return header.second == &field; });
  }

  json::array Parameters() {
    json::array parameters;
    // The path's in its order, whatever the request's is.
    for (const pb::FieldDescriptor* field : route_.variables)
      parameters.push_back(Parameter(*field, "path"));
    const pb::Descriptor& input = method_.input();
    for (int i = 0; i < input.field_count(); ++i) {
      if (InQuery(*input.field(i))) parameters.push_back(Parameter(*input.field(i), "query"));
    }
    for (const auto& [name, field] : method_.headers) {
      json::object parameter = Parameter(*field, "header");
      parameter["name"] = name;
      parameters.push_back(std::move(parameter));
    }
    if (route_.verb == "POST") parameters.push_back(Reference("parameters", "IdempotencyKey"));
    if (problems_.Named(route_).contains(kEtagMismatch)) {
      parameters.push_back(Reference("parameters", "IfMatch"));
    }
    if (method_.cursor != nullptr) parameters.push_back(Reference("parameters", "LastEventId"));
    parameters.push_back(Reference("parameters", "CorrelationId"));
    return parameters;
  }

  json::object Parameter(const pb::FieldDescriptor& field, const char* place) {
    const bool in_path = InPath(field);
    const bool required = in_path || field.options().GetExtension(options::v1::rule).required();
    json::object parameter{{"name", FieldName(field, method_.names)},
                           {"in", place},
                           {"description", schemas_.Description(field, Use::kInput)},
                           {"required", required},
                           {"schema", schemas_.Parameter(field, method_.names)}};
    if (const json::value* example = Example(field)) parameter["example"] = *example;
    return parameter;
  }

  // A body that is no message: as the example has it where that is JSON.
  json::object RawBody() {
    json::object content;
    for (const std::string& type : method_.body_types)
      content[type] = {{"schema", RawSchema(type)}};
    const json::value* const example = Example(*route_.body_field);
    const json::object* const body = example == nullptr ? nullptr : example->if_object();
    std::string text;
    if (body != nullptr && body->contains("contentType") && body->contains("data") &&
        absl::Base64Unescape(std::string(body->at("data").as_string().c_str()), &text)) {
      const std::string type(body->at("contentType").as_string().c_str());
      json::object& described = content[type].as_object();
      if (type == "application/json") {
        described["example"] = json::parse(text);
      } else if (IsValidUtf8(text)) {  // a picture has no place in a document
        described["example"] = text;
      }
    }
    return {{"required", true}, {"content", std::move(content)}};
  }

  json::object Body() {
    if (!method_.body_types.empty()) return RawBody();
    json::object content;
    bool required = false;
    if (route_.body_field != nullptr) {
      const Use use = method_.update_mask != nullptr ? Use::kUpdate : Use::kInput;
      content["schema"] =
          schemas_.Body(*route_.body_field->message_type(), {method_.names, use}, {});
      const json::value* example = Example(*route_.body_field);
      content["example"] = example == nullptr ? json::value(json::object{}) : *example;
      required = true;
    } else {
      std::vector<const pb::FieldDescriptor*> elsewhere = route_.variables;
      for (const auto& [name, field] : method_.headers)
        elsewhere.push_back(field);
      content["schema"] = schemas_.Body(
          method_.input(), {method_.names, Use::kInput, method_.unknown_fields_ignored}, elsewhere);
      json::object example = example_;
      for (const pb::FieldDescriptor* field : route_.variables)
        example.erase(FieldName(*field, method_.names));
      content["example"] = std::move(example);
      required = RequiresBody();
    }
    return {{"required", required}, {"content", {{"application/json", std::move(content)}}}};
  }

  // Whether a request without a body lacks something.
  bool RequiresBody() const {
    const pb::Descriptor& input = method_.input();
    for (int i = 0; i < input.field_count(); ++i) {
      const pb::FieldDescriptor& field = *input.field(i);
      if (!InPath(field) && field.options().GetExtension(options::v1::rule).required()) return true;
    }
    return false;
  }

  json::object SuccessHeaders() const {
    json::object headers{{"X-Correlation-ID", Reference("headers", "CorrelationId")}};
    if (method_.etag != nullptr) headers["ETag"] = Reference("headers", "ETag");
    if (!method_.location.empty()) headers["Location"] = Reference("headers", "Location");
    if (route_.verb == "POST") {
      headers["Idempotency-Replayed"] = Reference("headers", "IdempotencyReplayed");
    }
    return headers;
  }

  json::object Stream() {
    const json::object events = schemas_.Events(route_.stream->output(), method_.names);
    if (route_.stream->sse != options::v1::SSE_FORM_NAMED) {
      std::string what =
          absl::StrCat("Server-sent events. Each has `data:` alone, one line of JSON, ",
                       DataName(route_.stream->output()));
      if (route_.stream->sse == options::v1::SSE_FORM_DATA_DONE) {
        absl::StrAppend(&what, "; the last one is `data: [DONE]`");
      }
      absl::StrAppend(&what, ". An error ends the stream, as a Problem with the member `error`.");
      return {{"schema", {{"type", "string"}, {"description", what}}}, {"x-itemSchema", events}};
    }
    const auto& oneof = *route_.stream->output().oneof_decl(0);
    std::string what =
        "Server-sent events. Each has `event:` and `data:`, the latter one line of JSON, and `id:` "
        "where it has a cursor; comments (`:`) keep the connection alive. The events:";
    for (int i = 0; i < oneof.field_count(); ++i) {
      const pb::FieldDescriptor& field = *oneof.field(i);
      absl::StrAppend(&what, "\n- `", FieldName(field, method_.names), "`, data ",
                      DataName(*field.message_type()), ". ", comments_.Of(field.full_name()));
    }
    absl::StrAppend(&what, "\n- `error`, data Problem. Last, instead of any other.");
    // The body as a whole is text; what OpenAPI 3.2 calls itemSchema describes one event.
    return {{"schema", {{"type", "string"}, {"description", what}}}, {"x-itemSchema", events}};
  }

  std::string DataName(const pb::Descriptor& message) {
    const json::object reference = schemas_.Reference(message, {method_.names, Use::kAnswer});
    const std::string target(reference.at("$ref").as_string());
    return target.substr(target.rfind('/') + 1);
  }

  json::object Responses() {
    json::object content;
    if (method_.raw_answer) {
      const pb::MethodOptions& options = method_.descriptor->options();
      for (int i = 0; i < options.ExtensionSize(options::v1::answer_types); ++i) {
        const std::string& type = options.GetExtension(options::v1::answer_types, i);
        content[type] = {{"schema", RawSchema(type)}};
      }
    } else if (route_.unary != nullptr && method_.success_status != 204) {
      content["application/json"] = {
          {"schema", schemas_.Reference(route_.unary->output(), {method_.names, Use::kAnswer})}};
    }
    if (route_.stream != nullptr && !method_.raw_answer) content["text/event-stream"] = Stream();
    json::object success{{"description", "Success."}, {"headers", SuccessHeaders()}};
    if (!content.empty()) success["content"] = std::move(content);
    json::object responses{{std::to_string(method_.success_status), std::move(success)}};
    if (route_.unary == nullptr && method_.cursor != nullptr && !method_.raw_answer) {
      responses["204"] = {
          {"description", "The cursor has seen the end: there is nothing more to follow."},
          {"headers", {{"X-Correlation-ID", Reference("headers", "CorrelationId")}}}};
    }
    for (const auto& [status, codes] : problems_.Of(route_)) {
      responses[std::to_string(status)] =
          codes.empty() ? Reference("responses", Problems::ResponseName(status).c_str())
                        : Problems::Response(status, codes);
    }
    return responses;
  }

  const Route& route_;
  const RpcMethod& method_;
  Schemas& schemas_;
  const Problems& problems_;
  const Comments& comments_;
  json::object example_;
};

}  // namespace

absl::StatusOr<json::object> DescribeOperation(const Route& route,
                                               Schemas& schemas,
                                               const Problems& problems,
                                               const Comments& comments) {
  return Operation(route, schemas, problems, comments).Describe();
}

std::string FirstSentence(const std::string& comment) {
  size_t end = comment.size();
  for (const char* stop : {". ", ": ", "; "})
    end = std::min(end, comment.find(stop));
  std::string sentence = comment.substr(0, end);
  if (!sentence.empty() && sentence.back() == '.') sentence.pop_back();
  return sentence;
}

json::object SharedParameters() {
  const auto header = [](const char* name, const char* what, json::object schema) {
    return json::object{
        {"name", name}, {"in", "header"}, {"description", what}, {"schema", std::move(schema)}};
  };
  const json::object text{{"type", "string"}};
  return {
      {"IdempotencyKey",
       header("Idempotency-Key", "The same key with the same body gets the first answer again.",
              {{"type", "string"},
               {"minLength", 1},
               {"maxLength", 128},
               {"pattern", "^[ -~]{1,128}$"}})},
      {"IfMatch",
       header("If-Match", "Etags, one of which the resource must still have, or *.", text)},
      {"LastEventId", header("Last-Event-ID", "The id of the last event received.", text)},
      {"CorrelationId",
       header("X-Correlation-ID",
              "Names the request in every log and in the answer: 1 to 128 of A-Z, a-z, 0-9, `.`, "
              "`_` and `-`. One is made where it is something else.",
              text)}};
}

json::object SharedHeaders() {
  return {{"CorrelationId", TextHeader("Names the request in every log.")},
          {"ETag", TextHeader("Changes with every change; for `If-Match`.")},
          {"Location", TextHeader("Where the new resource is.")},
          {"IdempotencyReplayed",
           TextHeader("`true` where this is the first answer to the `Idempotency-Key` again.")},
          {"RetryAfter", {{"description", "Seconds to wait."}, {"schema", {{"type", "integer"}}}}},
          {"Authenticate", TextHeader("Which credentials are taken.")}};
}

}  // namespace dramatis::gateway
