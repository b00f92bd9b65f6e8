// What the gateway must know of one RPC, taken from its descriptor once at start. Plain data.
#pragma once

#include <string>
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
  // Whose RPC it is: the `x` of package `dramatis.x.v1`.
  std::string backend;
  bool streaming = false;
  // A stream that never ends by itself.
  bool endless = false;
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

// INVALID_ARGUMENT says which option of the RPC is wrong.
absl::StatusOr<RpcMethod> DescribeMethod(const google::protobuf::MethodDescriptor& descriptor);

}  // namespace dramatis::gateway
