// The neighbour over gRPC. Thread-safe.
#pragma once

#include <utility>

#include "dramatis/inference/v1/inference.grpc.pb.h"

#include "services/memory/model/peers.h"
#include "shared/rpc/lazy_stub.h"
#include "shared/rpc/ongoing_calls.h"

namespace dramatis::memory {

class GrpcInferencePeer : public InferencePeer {
 public:
  explicit GrpcInferencePeer(Connect connect) : stub_(std::move(connect)) {}
  absl::StatusOr<inference::v1::RunTaskResponse> RunTask(
      const CallContext& call, const inference::v1::RunTaskRequest& request) override;
  absl::StatusOr<inference::v1::EmbedResponse> Embed(const CallContext& call,
                                                     const inference::v1::EmbedRequest& request,
                                                     absl::Duration patience) override;
  // Calls under way, and later ones, end at once.
  void Stop() { calls_.CancelAll(); }

 private:
  LazyStub<inference::v1::InferenceService> stub_;
  OngoingCalls calls_;
};

}  // namespace dramatis::memory
