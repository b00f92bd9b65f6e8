// What the gateway must know of one RPC, taken from its descriptor once at start. Plain data.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dramatis/options/v1/options.pb.h"

#include "absl/status/statusor.h"
#include "gateway/json/names.h"
#include "gateway/routing/path_template.h"
#include "google/protobuf/descriptor.h"
#include "shared/call/method_rules.h"

namespace dramatis::gateway {

struct RpcMethod {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  // As gRPC calls it: "/dramatis.x.v1.XService/GetX".
  std::string path;
  // Who serves it: the `x` of package `dramatis.x.v1`, or whom the service names.
  std::string backend;
  bool streaming = false;
  // Its request is streamed: the body, in pieces.
  bool upload = false;
  // A stream that never ends by itself.
  bool endless = false;
  // How its stream looks.
  options::v1::SseForm sse = options::v1::SSE_FORM_NAMED;
  // Fields of a body that its message does not have are passed over.
  bool unknown_fields_ignored = false;
  // Its problems have the member `error` that clients of OpenAI's API read.
  bool openai_errors = false;
  // Of a request whose body is no JSON: the media types that are taken, and the most bytes.
  std::vector<std::string> body_types;
  size_t max_body_bytes = 0;
  // Its answer is a google.api.HttpBody: media type and bytes as they are.
  bool raw_answer = false;
  // Headers that fill fields of the request, names in lower case.
  std::vector<std::pair<std::string, const google::protobuf::FieldDescriptor*>> headers;
  // Its place in RouteTable::methods().
  size_t index = 0;
  MethodAccess access;
  Names names = Names::kCamel;
  int success_status = 200;
  // Segments of the Location header over the response's fields; empty for none.
  std::vector<PathTemplate::Segment> location;

  // Fields of the request, null where it has none: what Last-Event-ID fills, what the presence of
  // fields in the body fills, and what asks for the streaming twin.
  const google::protobuf::FieldDescriptor* cursor = nullptr;
  const google::protobuf::FieldDescriptor* update_mask = nullptr;
  const google::protobuf::FieldDescriptor* stream = nullptr;
  // The response's etag, or null.
  const google::protobuf::FieldDescriptor* etag = nullptr;

  const google::protobuf::Descriptor& input() const { return *descriptor->input_type(); }
  const google::protobuf::Descriptor& output() const { return *descriptor->output_type(); }
};

// Whether the message is a google.api.HttpBody: media type and bytes as they are.
bool IsHttpBody(const google::protobuf::Descriptor& message);

// INVALID_ARGUMENT says which option of the RPC is wrong.
absl::StatusOr<RpcMethod> DescribeMethod(const google::protobuf::MethodDescriptor& descriptor);

}  // namespace dramatis::gateway
