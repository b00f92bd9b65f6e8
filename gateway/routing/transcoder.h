// Everything that turns HTTP into calls and answers back, for one route table: the gateway without
// sockets.
//
//   absl::StatusOr<std::unique_ptr<Transcoder>> transcoder = Transcoder::Make(table);
//   absl::StatusOr<RequestCall> call =
//       (*transcoder)->requests().Build(match, request, correlation);
//   absl::StatusOr<HttpAnswer> answer = (*transcoder)->Answer(*call->method, response_bytes);
//
// Immutable once made, thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/json/reader.h"
#include "gateway/json/types.h"
#include "gateway/json/writer.h"
#include "gateway/routing/request_call.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/sse.h"
#include "shared/http/message.h"

namespace dramatis::gateway {

class Transcoder {
 public:
  static absl::StatusOr<std::unique_ptr<Transcoder>> Make(const RouteTable& routes);

  const RequestCallBuilder& requests() const { return requests_; }

  // The answer to a unary RPC: status, JSON, ETag, Location. INTERNAL if the bytes are not such a
  // message.
  absl::StatusOr<HttpAnswer> Answer(const RpcMethod& method, std::string_view response) const;
  // Appends the frame of one message of a streaming RPC; false if the bytes are no such message.
  bool AppendEvent(const RpcMethod& method, std::string_view message, std::string& out) const;
  // The form of a streaming RPC's events.
  const EventFormat& Events(const RpcMethod& method) const { return *plans_[method.index].events; }

 private:
  explicit Transcoder(const google::protobuf::DescriptorPool& pool);

  // Beside RouteTable::methods().
  struct MethodPlan {
    const JsonPlan* answer = nullptr;
    std::optional<EventFormat> events;
  };

  JsonTypes types_;
  JsonReader reader_;
  JsonWriter writer_;
  RequestCallBuilder requests_;
  std::vector<MethodPlan> plans_;
};

}  // namespace dramatis::gateway
