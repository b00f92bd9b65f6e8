#include "gateway/routing/rpc_method.h"

#include "dramatis/options/v1/http_options.pb.h"

#include "absl/strings/str_cat.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

absl::Status Broken(const MethodDescriptor& method, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(method.full_name(), ": ", why));
}

// The `x` of `dramatis.x.v1`.
std::string BackendOf(const std::string& package) {
  const size_t begin = package.find('.') + 1;
  return package.substr(begin, package.find('.', begin) - begin);
}

const FieldDescriptor* FindTyped(const Descriptor& message,
                                 const std::string& name,
                                 FieldDescriptor::Type type) {
  const FieldDescriptor* field = message.FindFieldByName(name);
  return field != nullptr && field->type() == type && !field->is_repeated() ? field : nullptr;
}

const FieldDescriptor* FindCursor(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->options().GetExtension(options::v1::cursor)) return field;
  }
  return nullptr;
}

// What the service says of itself, and the headers that the request takes.
absl::Status ReadHttpOptions(const MethodDescriptor& descriptor, RpcMethod& method) {
  const options::v1::HttpService& service =
      descriptor.service()->options().GetExtension(options::v1::http_service);
  if (!service.served_by().empty()) method.backend = service.served_by();
  method.unknown_fields_ignored = service.unknown_fields_ignored();
  method.openai_errors = service.openai_errors();
  for (int i = 0; i < method.input().field_count(); ++i) {
    const FieldDescriptor* field = method.input().field(i);
    const std::string& header = field->options().GetExtension(options::v1::header);
    if (header.empty()) continue;
    if (field->type() != FieldDescriptor::TYPE_STRING || field->is_repeated()) {
      return Broken(descriptor, absl::StrCat(field->name(), ": a header fills a text"));
    }
    method.headers.emplace_back(header, field);
  }
  return absl::OkStatus();
}

absl::Status ReadBodyRule(const options::v1::MethodRule& rule, RpcMethod& method) {
  method.raw_answer = IsHttpBody(method.output());
  if (!rule.has_body()) return absl::OkStatus();
  method.body_types = {rule.body().media_types().begin(), rule.body().media_types().end()};
  method.max_body_bytes = rule.body().max_bytes();
  if (method.body_types.empty() || method.max_body_bytes == 0) {
    return Broken(*method.descriptor, "body says no media types or no size");
  }
  return absl::OkStatus();
}

// Whether `path`, as `message.message_id`, names a text field of `message`.
bool NamesText(const Descriptor& message, const std::string& path) {
  const size_t dot = path.find('.');
  if (dot == std::string::npos) {
    return FindTyped(message, path, FieldDescriptor::TYPE_STRING) != nullptr;
  }
  const FieldDescriptor* field =
      FindTyped(message, path.substr(0, dot), FieldDescriptor::TYPE_MESSAGE);
  return field != nullptr && NamesText(*field->message_type(), path.substr(dot + 1));
}

absl::Status ReadLocation(const std::string& text, RpcMethod& method) {
  if (text.empty()) return absl::OkStatus();
  DRAMATIS_ASSIGN_OR_RETURN(const PathTemplate location, PathTemplate::Parse(text));
  for (const PathTemplate::Segment& segment : location.segments()) {
    if (segment.variable && !NamesText(method.output(), segment.text)) {
      return Broken(*method.descriptor, "location names no text field of the response");
    }
  }
  method.location = location.segments();
  return absl::OkStatus();
}

}  // namespace

bool IsHttpBody(const Descriptor& message) {
  return message.full_name() == "google.api.HttpBody";
}

absl::StatusOr<RpcMethod> DescribeMethod(const MethodDescriptor& descriptor) {
  const options::v1::MethodRule& rule = descriptor.options().GetExtension(options::v1::method);
  RpcMethod method;
  method.descriptor = &descriptor;
  method.path = absl::StrCat("/", descriptor.service()->full_name(), "/", descriptor.name());
  method.backend = BackendOf(descriptor.file()->package());
  method.streaming = descriptor.server_streaming();
  method.endless = rule.endless();
  if (rule.sse() != options::v1::SSE_FORM_UNSPECIFIED) method.sse = rule.sse();
  DRAMATIS_RETURN_IF_ERROR(ReadHttpOptions(descriptor, method));
  DRAMATIS_RETURN_IF_ERROR(ReadBodyRule(rule, method));
  DRAMATIS_ASSIGN_OR_RETURN(method.access, ReadMethodAccess(descriptor));
  method.names = NamesOf(rule);
  if (rule.success_status() != 0) method.success_status = rule.success_status();
  method.upload = descriptor.client_streaming();
  if (method.upload && (method.streaming || method.body_types.empty())) {
    return Broken(descriptor,
                  "of a request, HTTP streams a body that is no JSON, and nothing else");
  }
  if (method.endless && !method.streaming) return Broken(descriptor, "endless, but no stream");
  if (method.access.access == options::v1::ACCESS_INTERNAL) {
    return Broken(descriptor, "internal RPCs have no HTTP binding");
  }
  if (method.success_status < 200 || method.success_status > 299) {
    return Broken(descriptor, "success_status is not 2xx");
  }
  method.cursor = FindCursor(method.input());
  const FieldDescriptor* mask =
      FindTyped(method.input(), "update_mask", FieldDescriptor::TYPE_MESSAGE);
  if (mask != nullptr && mask->message_type()->full_name() == "google.protobuf.FieldMask") {
    method.update_mask = mask;
  }
  method.stream = FindTyped(method.input(), "stream", FieldDescriptor::TYPE_BOOL);
  method.etag = FindTyped(method.output(), "etag", FieldDescriptor::TYPE_STRING);
  DRAMATIS_RETURN_IF_ERROR(ReadLocation(rule.location(), method));
  return method;
}

}  // namespace dramatis::gateway
