// The neighbour over gRPC. Thread-safe.
#pragma once

#include <utility>

#include "dramatis/inference/v1/inference.grpc.pb.h"

#include "services/memory/model/peers.h"
#include "shared/rpc/neighbour.h"

namespace dramatis::memory {

class GrpcInferencePeer : public InferencePeer {
 public:
  explicit GrpcInferencePeer(Connect connect) : inference_(std::move(connect)) {}
  absl::StatusOr<inference::v1::RunTaskResponse> RunTask(
      const CallContext& call, const inference::v1::RunTaskRequest& request) override;
  absl::StatusOr<inference::v1::EmbedResponse> Embed(const CallContext& call,
                                                     const inference::v1::EmbedRequest& request,
                                                     absl::Duration patience) override;
  // Calls under way, and later ones, end at once.
  void Stop() { inference_.CancelAll(); }

 private:
  Neighbour<inference::v1::InferenceService> inference_;
};

}  // namespace dramatis::memory
