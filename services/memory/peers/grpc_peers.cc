#include "services/memory/peers/grpc_peers.h"

namespace dramatis::memory {
namespace {

// Of a whole answer: its provider's own time-outs come before.
constexpr absl::Duration kTaskTimeout = absl::Seconds(60);

}  // namespace

absl::StatusOr<inference::v1::RunTaskResponse> GrpcInferencePeer::RunTask(
    const CallContext& call, const inference::v1::RunTaskRequest& request) {
  return inference_.Call(&inference::v1::InferenceService::Stub::RunTask,
                         call.AsService(request.user_id()), kTaskTimeout, request);
}

absl::StatusOr<inference::v1::EmbedResponse> GrpcInferencePeer::Embed(
    const CallContext& call, const inference::v1::EmbedRequest& request, absl::Duration patience) {
  return inference_.Call(&inference::v1::InferenceService::Stub::Embed,
                         call.AsService(request.user_id()), patience, request);
}

}  // namespace dramatis::memory
