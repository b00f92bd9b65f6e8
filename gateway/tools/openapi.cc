#include "gateway/tools/openapi.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/tools/schemas.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

constexpr char kProblem[] = "#/components/schemas/Problem";

bool InPath(const Route& route, const pb::FieldDescriptor& field) {
  return std::find(route.variables.begin(), route.variables.end(), &field) != route.variables.end();
}

bool InQuery(const Route& route, const pb::FieldDescriptor& field) {
  return !route.body_is_request && route.body_field != &field && !InPath(route, field) &&
         route.any().cursor != &field;
}

json::object Header(const char* name, const char* what, const json::object& schema) {
  return {{"name", name}, {"in", "header"}, {"description", what}, {"schema", schema}};
}

class Operation {
 public:
  Operation(const Route& route, Schemas& schemas, const Comments& comments)
      : route_(route), method_(route.any()), schemas_(schemas), comments_(comments) {}

  json::object Describe() {
    const pb::MethodDescriptor& rpc = *method_.descriptor;
    json::object operation{
        {"operationId", absl::StrCat(rpc.name(), "_", absl::AsciiStrToLower(route_.verb))},
        {"tags", {rpc.service()->name()}},
        {"description", comments_.Of(rpc.full_name())},
        {"parameters", Parameters()}};
    if (route_.takes_body()) operation["requestBody"] = Body();
    operation["responses"] = Responses();
    if (method_.access == options::v1::ACCESS_PUBLIC) operation["security"] = json::array{};
    return operation;
  }

 private:
  json::array Parameters() {
    json::array parameters;
    const pb::Descriptor& input = method_.input();
    for (int i = 0; i < input.field_count(); ++i) {
      const pb::FieldDescriptor& field = *input.field(i);
      const bool in_path = InPath(route_, field);
      if (!in_path && !InQuery(route_, field)) continue;
      const bool required = in_path || field.options().GetExtension(options::v1::rule).required();
      parameters.push_back(json::object{{"name", FieldName(field, method_.names)},
                                        {"in", in_path ? "path" : "query"},
                                        {"required", required},
                                        {"schema", schemas_.Field(field, method_.names)}});
    }
    AddHeaders(parameters);
    return parameters;
  }

  void AddHeaders(json::array& parameters) const {
    const json::object text{{"type", "string"}};
    if (route_.verb == "POST") {
      parameters.push_back(Header("Idempotency-Key",
                                  "The same key with the same body gets the first answer again.",
                                  {{"type", "string"}, {"minLength", 1}, {"maxLength", 128}}));
    }
    if (route_.verb == "PUT" || route_.verb == "PATCH" || route_.verb == "DELETE") {
      parameters.push_back(
          Header("If-Match", "Etags, one of which the resource must still have, or *.", text));
    }
    if (method_.cursor != nullptr) {
      parameters.push_back(Header("Last-Event-ID", "The id of the last event received.", text));
    }
  }

  json::object Body() {
    const pb::Descriptor& message =
        route_.body_field != nullptr ? *route_.body_field->message_type() : method_.input();
    return {{"content",
             {{"application/json", {{"schema", schemas_.Reference(message, method_.names)}}}}}};
  }

  json::object Responses() {
    json::object content;
    if (route_.unary != nullptr && method_.success_status != 204) {
      content["application/json"] = {
          {"schema", schemas_.Reference(route_.unary->output(), method_.names)}};
    }
    if (route_.stream != nullptr) {
      content["text/event-stream"] = {
          {"schema", schemas_.Reference(route_.stream->output(), method_.names)}};
    }
    json::object success{{"description", "Success."}};
    if (!content.empty()) success["content"] = std::move(content);
    if (!method_.location.empty()) {
      success["headers"] = {
          {"Location",
           {{"description", "Where the new resource is."}, {"schema", {{"type", "string"}}}}}};
    }
    return {{std::to_string(method_.success_status), std::move(success)},
            {"default",
             {{"description", "A problem document (RFC 9457)."},
              {"content", {{"application/problem+json", {{"schema", {{"$ref", kProblem}}}}}}}}}};
  }

  const Route& route_;
  const RpcMethod& method_;
  Schemas& schemas_;
  const Comments& comments_;
};

json::object ProblemSchema(const ReasonTable& reasons) {
  json::array codes;
  for (const auto& [name, reason] : reasons.reasons())
    codes.emplace_back(name);
  const json::object text{{"type", "string"}};
  return {
      {"type", "object"},
      {"description", "An error (RFC 9457). Further members are facts about it."},
      {"required", {"type", "title", "status", "code", "correlationId"}},
      {"properties",
       {{"type", text},
        {"title", text},
        {"status", {{"type", "integer"}}},
        {"detail", text},
        {"instance", text},
        {"code", {{"type", "string"}, {"enum", std::move(codes)}}},
        {"errors",
         {{"type", "array"},
          {"items", {{"type", "object"}, {"properties", {{"field", text}, {"message", text}}}}}}},
        {"correlationId", text},
        {"retryAfterSeconds", {{"type", "integer"}}}}}};
}

}  // namespace

std::string SpelledPath(const Route& route) {
  std::string path;
  size_t variable = 0;
  for (const PathTemplate::Segment& segment : route.path.segments()) {
    if (segment.variable) {
      absl::StrAppend(&path, "/{", FieldName(*route.variables[variable++], route.any().names), "}");
    } else {
      absl::StrAppend(&path, "/", segment.text);
    }
  }
  return path;
}

json::object OpenApi(const RouteTable& routes,
                     const ReasonTable& reasons,
                     const Comments& comments,
                     const std::string& version) {
  Schemas schemas(comments);
  json::object paths;
  json::array tags;
  const pb::ServiceDescriptor* last = nullptr;
  for (const auto& route : routes.routes()) {
    const pb::ServiceDescriptor* service = route->any().descriptor->service();
    if (service != last) {
      tags.push_back(json::object{{"name", service->name()},
                                  {"description", comments.Of(service->full_name())}});
      last = service;
    }
    json::value& item = paths[SpelledPath(*route)];
    if (item.is_null()) item = json::object{};
    item.as_object()[absl::AsciiStrToLower(route->verb)] =
        Operation(*route, schemas, comments).Describe();
  }
  json::object components{
      {"schemas", schemas.Take()},
      {"securitySchemes", {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}}}};
  components["schemas"].as_object()["Problem"] = ProblemSchema(reasons);
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Dramatis"},
            {"version", version},
            {"description",
             "The REST routes of this deployment, with their limits and errors, "
             "made from its protos."},
            {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"security", {{{"bearer", json::array{}}}, json::object{}}},
          {"tags", std::move(tags)},
          {"paths", std::move(paths)},
          {"components", std::move(components)}};
}

}  // namespace dramatis::gateway
