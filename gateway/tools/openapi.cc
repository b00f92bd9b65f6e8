#include "gateway/tools/openapi.h"

#include <set>

#include "dramatis/options/v1/document_options.pb.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/tools/operation.h"
#include "gateway/tools/problems.h"
#include "gateway/tools/schemas.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

namespace json = boost::json;
namespace pb = google::protobuf;

constexpr char kAbout[] =
    "The REST routes of this deployment, with their limits and errors, made from its protos.\n\n"
    "Requests may spell fields in camelCase and snake_case; answers keep to the spelling shown. "
    "`null` is as good as leaving a field out. Lengths count Unicode code points, without white "
    "space at the ends; U+0000 is refused in every text.";

// The names under which answers give out ids.
void CollectIds(const pb::Descriptor& message,
                std::set<const pb::Descriptor*>& seen,
                std::set<std::string>& ids) {
  if (!seen.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    if (field.options().GetExtension(options::v1::shape).format() == "uuid") {
      ids.insert(field.name());
    }
    if (field.message_type() != nullptr) CollectIds(*field.message_type(), seen, ids);
  }
}

std::set<std::string> IdsOf(const RouteTable& routes) {
  std::set<const pb::Descriptor*> seen;
  std::set<std::string> ids;
  for (const auto& method : routes.methods())
    CollectIds(method->output(), seen, ids);
  return ids;
}

json::object Info(const std::string& version) {
  return {{"title", "Dramatis"},
          {"version", version},
          {"description", kAbout},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}};
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

absl::StatusOr<json::object> OpenApi(const RouteTable& routes,
                                     const ReasonTable& reasons,
                                     const Comments& comments,
                                     const std::string& version) {
  Schemas schemas(comments, IdsOf(routes));
  const Problems problems(reasons, comments);
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
    DRAMATIS_ASSIGN_OR_RETURN(json::object operation,
                              DescribeOperation(*route, schemas, problems, comments));
    item.as_object()[absl::AsciiStrToLower(route->verb)] = std::move(operation);
  }
  json::object components{{"schemas", schemas.Take()},
                          {"responses", problems.Responses(routes)},
                          {"parameters", SharedParameters()},
                          {"headers", SharedHeaders()},
                          {"securitySchemes",
                           {{"bearer",
                             {{"type", "http"},
                              {"scheme", "bearer"},
                              {"description",
                               "Where the environment is `local`: `local:<user>`, or none for the "
                               "admin `local`."}}}}}};
  components["schemas"].as_object()["Problem"] = problems.Schema();
  return json::object{{"openapi", "3.1.0"},
                      {"info", Info(version)},
                      {"servers", json::array{json::object{{"url", "/"}}}},
                      {"security", {json::object{{"bearer", json::array{}}}, json::object{}}},
                      {"tags", std::move(tags)},
                      {"paths", std::move(paths)},
                      {"components", std::move(components)}};
}

}  // namespace dramatis::gateway
