#include "gateway/tools/reference.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gateway/tools/openapi.h"

namespace dramatis::gateway {
namespace {

namespace pb = google::protobuf;

std::string Generated(const char* title, const char* from) {
  return absl::StrCat("# ", title, "\n\nMade from ", from,
                      " by `dramatis-describe`; `./dev test` checks that it is up to date.\n");
}

// In a cell of a table.
std::string Cell(const std::string& text) {
  return absl::StrReplaceAll(text, {{"|", "\\|"}});
}

// Who may call it, and with which scope.
std::string Access(const RpcMethod& method) {
  const std::string name = options::v1::Access_Name(method.access.access);
  const std::string& scope = method.descriptor->options().GetExtension(options::v1::method).scope();
  return absl::StrCat(absl::AsciiStrToLower(name.substr(sizeof("ACCESS_") - 1)),
                      scope.empty() ? "" : absl::StrCat(", `", scope, "`"));
}

// Fields of a message with `*` behind the required ones.
std::string Fields(const pb::Descriptor& message, Names names, const Route* route) {
  std::vector<std::string> fields;
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    const options::v1::FieldRule& rule = field.options().GetExtension(options::v1::rule);
    bool bound = rule.output_only() || (route != nullptr && &field == route->any().cursor);
    if (route != nullptr) {
      for (const pb::FieldDescriptor* variable : route->variables)
        bound |= variable == &field;
      bound |= &field == route->body_field;
    }
    if (bound) continue;
    fields.push_back(absl::StrCat("`", FieldName(field, names), "`", rule.required() ? "*" : ""));
  }
  return absl::StrJoin(fields, ", ");
}

std::string Request(const Route& route) {
  const RpcMethod& method = route.any();
  std::string query = Fields(method.input(), method.names, &route);
  if (route.body_field == nullptr) return query;
  if (!method.body_types.empty()) {
    const std::string types = absl::StrJoin(method.body_types, " or ");
    return query.empty() ? types : absl::StrCat(types, "; query: ", query);
  }
  const std::string body = Fields(*route.body_field->message_type(), method.names, nullptr);
  return query.empty() ? body : absl::StrCat(body, "; query: ", query);
}

std::string Answer(const Route& route) {
  std::vector<std::string> answers;
  if (route.unary != nullptr) {
    const RpcMethod& method = *route.unary;
    answers.push_back(method.success_status == 204
                          ? "204"
                          : absl::StrCat(method.success_status, " ", method.output().name()));
  }
  if (route.stream != nullptr) {
    const RpcMethod& method = *route.stream;
    answers.push_back(method.raw_answer
                          ? absl::StrCat(method.success_status, " ", method.output().name())
                          : absl::StrCat("SSE ", method.output().name()));
  }
  return absl::StrJoin(answers, " or ");
}

}  // namespace

std::string RoutesPage(const RouteTable& routes, const Comments& comments) {
  std::string page = Generated("Routes", "the protos");
  absl::StrAppend(&page,
                  "\n`*` marks required fields. Beside the access stands the scope that a token or "
                  "key must allow; "
                  "`account` is every scope but `admin`.\n");
  const pb::ServiceDescriptor* last = nullptr;
  for (const auto& route : routes.routes()) {
    const RpcMethod& method = route->any();
    const pb::ServiceDescriptor* service = method.descriptor->service();
    if (service != last) {
      absl::StrAppend(&page, "\n## ", service->name(), "\n\n", comments.Of(service->full_name()),
                      "\n\n| Route | Access | Body / query | Answer | |\n|---|---|---|---|---|\n");
      last = service;
    }
    absl::StrAppend(&page, "| `", route->verb, " ", SpelledPath(*route), "` | ", Access(method),
                    " | ", Cell(Request(*route)), " | ", Answer(*route), " | ",
                    Cell(comments.Of(method.descriptor->full_name())), " |\n");
  }
  return page;
}

std::string ErrorsPage(const ReasonTable& reasons,
                       const std::vector<const pb::FileDescriptor*>& files,
                       const Comments& comments) {
  std::string page = Generated("Error codes", "the `ErrorReason` enumerations of the protos");
  absl::StrAppend(
      &page,
      "\nThe closed list of `code` in problem documents. The comment ends with the gRPC "
      "code; the HTTP status follows from it unless one is given.\n");
  for (const pb::FileDescriptor* file : files) {
    const pb::EnumDescriptor* type = file->FindEnumTypeByName("ErrorReason");
    if (type == nullptr) continue;
    absl::StrAppend(&page, "\n## ", type->file()->package(),
                    "\n\n| Code | Title | HTTP | |\n|---|---|---|---|\n");
    for (int i = 0; i < type->value_count(); ++i) {
      const std::string name = type->value(i)->name().substr(sizeof("ERROR_REASON_") - 1);
      const Reason* reason = reasons.Find(name);
      if (reason == nullptr) continue;
      absl::StrAppend(&page, "| `", name, "` | ", Cell(reason->title), " | ",
                      reason->http_status > 0 ? std::to_string(reason->http_status) : "", " | ",
                      Cell(comments.Of(type->value(i)->full_name())), " |\n");
    }
  }
  return page;
}

std::string ConfigurationPage(const Deployment& deployment) {
  return absl::StrCat(
      Generated("Settings", "shared/config/variables.cc and each settings/variables.cc"), "\n",
      "Environment variables. An unknown `DRAMATIS_` variable is an error.\n\n",
      deployment.Markdown());
}

}  // namespace dramatis::gateway
