#include "services/conversation/peers/grpc_memory_sync.h"

namespace dramatis::conversation {
namespace {

// Of a call that waits for a model; memory gives it a minute.
constexpr absl::Duration kModelTimeout = absl::Seconds(75);
constexpr absl::Duration kForgetTimeout = absl::Seconds(10);

}  // namespace

absl::StatusOr<memory::v1::ObserveResponse> GrpcRememberingPeer::Observe(
    const CallContext& call, const memory::v1::ObserveRequest& request) {
  return memory_.Call(&memory::v1::MemoryService::Stub::Observe, call, kModelTimeout, request);
}

absl::StatusOr<memory::v1::SummarizeResponse> GrpcRememberingPeer::Summarize(
    const CallContext& call, const memory::v1::SummarizeRequest& request) {
  return memory_.Call(&memory::v1::MemoryService::Stub::Summarize, call, kModelTimeout, request);
}

absl::StatusOr<memory::v1::ForgetMessagesResponse> GrpcRememberingPeer::ForgetMessages(
    const CallContext& call, const memory::v1::ForgetMessagesRequest& request) {
  return memory_.Call(&memory::v1::MemoryService::Stub::ForgetMessages, call, kForgetTimeout,
                      request);
}

}  // namespace dramatis::conversation
