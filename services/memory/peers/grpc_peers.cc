#include "services/memory/peers/grpc_peers.h"

namespace dramatis::memory {
namespace {

// Of a whole answer: its provider's own time-outs come before.
constexpr absl::Duration kTaskTimeout = absl::Seconds(60);

}  // namespace

absl::StatusOr<inference::v1::RunTaskResponse> GrpcInferencePeer::RunTask(
    const CallContext& call, const inference::v1::RunTaskRequest& request) {
  return calls_.Run<inference::v1::RunTaskResponse>(
      call.AsService(request.user_id()), kTaskTimeout, request,
      [this](auto* context, const auto& asked, auto* response) {
        return stub_->RunTask(context, asked, response);
      });
}

absl::StatusOr<inference::v1::EmbedResponse> GrpcInferencePeer::Embed(
    const CallContext& call, const inference::v1::EmbedRequest& request, absl::Duration patience) {
  return calls_.Run<inference::v1::EmbedResponse>(
      call.AsService(request.user_id()), patience, request,
      [this](auto* context, const auto& asked, auto* response) {
        return stub_->Embed(context, asked, response);
      });
}

}  // namespace dramatis::memory
