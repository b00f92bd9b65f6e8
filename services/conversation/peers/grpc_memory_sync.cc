#include "services/conversation/peers/grpc_memory_sync.h"

namespace dramatis::conversation {
namespace {

// Of a call that waits for a model; memory gives it a minute.
constexpr absl::Duration kModelTimeout = absl::Seconds(75);
constexpr absl::Duration kForgetTimeout = absl::Seconds(10);

}  // namespace

absl::StatusOr<memory::v1::ObserveResponse> GrpcRememberingPeer::Observe(
    const CallContext& call, const memory::v1::ObserveRequest& request) {
  return calls_.Run<memory::v1::ObserveResponse>(
      call, kModelTimeout, request, [this](auto* context, const auto& asked, auto* response) {
        return stub_->Observe(context, asked, response);
      });
}

absl::StatusOr<memory::v1::SummarizeResponse> GrpcRememberingPeer::Summarize(
    const CallContext& call, const memory::v1::SummarizeRequest& request) {
  return calls_.Run<memory::v1::SummarizeResponse>(
      call, kModelTimeout, request, [this](auto* context, const auto& asked, auto* response) {
        return stub_->Summarize(context, asked, response);
      });
}

absl::StatusOr<memory::v1::ForgetMessagesResponse> GrpcRememberingPeer::ForgetMessages(
    const CallContext& call, const memory::v1::ForgetMessagesRequest& request) {
  return calls_.Run<memory::v1::ForgetMessagesResponse>(
      call, kForgetTimeout, request, [this](auto* context, const auto& asked, auto* response) {
        return stub_->ForgetMessages(context, asked, response);
      });
}

}  // namespace dramatis::conversation
