// Memory over gRPC, as the memory outbox needs it. Thread-safe.
#pragma once

#include <utility>

#include "dramatis/memory/v1/memory.grpc.pb.h"

#include "services/conversation/outbox/memory_sync.h"
#include "shared/rpc/neighbour.h"

namespace dramatis::conversation {

class GrpcRememberingPeer : public RememberingPeer {
 public:
  explicit GrpcRememberingPeer(Connect connect) : memory_(std::move(connect)) {}
  absl::StatusOr<memory::v1::ObserveResponse> Observe(
      const CallContext& call, const memory::v1::ObserveRequest& request) override;
  absl::StatusOr<memory::v1::SummarizeResponse> Summarize(
      const CallContext& call, const memory::v1::SummarizeRequest& request) override;
  absl::StatusOr<memory::v1::ForgetMessagesResponse> ForgetMessages(
      const CallContext& call, const memory::v1::ForgetMessagesRequest& request) override;
  // Calls under way, and later ones, end at once.
  void Stop() { memory_.CancelAll(); }

 private:
  Neighbour<memory::v1::MemoryService> memory_;
};

}  // namespace dramatis::conversation
