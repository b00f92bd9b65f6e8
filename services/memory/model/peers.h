// The little that memory needs of its neighbour. The gRPC version is in peers/grpc_peers.h, the
// fake in testing/memory_sync_fakes.h. Thread-safe.
#pragma once

#include "dramatis/inference/v1/embeddings.pb.h"
#include "dramatis/inference/v1/tasks.pb.h"

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/call/call.h"

namespace dramatis::memory {

class InferencePeer {
 public:
  virtual ~InferencePeer() = default;
  // Sums up, or takes notes. Blocks until a model has answered, at most a minute.
  virtual absl::StatusOr<inference::v1::RunTaskResponse> RunTask(
      const CallContext& call, const inference::v1::RunTaskRequest& request) = 0;
  // Turns texts into vectors. Blocks for `patience` at most. NO_EMBEDDER where there is none.
  virtual absl::StatusOr<inference::v1::EmbedResponse> Embed(
      const CallContext& call,
      const inference::v1::EmbedRequest& request,
      absl::Duration patience) = 0;
};

}  // namespace dramatis::memory
