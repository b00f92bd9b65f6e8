// absl::Status to grpc::Status and back, details intact (google.rpc.Status in
// grpc-status-details-bin). The only place where the two meet.
#pragma once

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace dramatis {

// INTERNAL and UNKNOWN lose their message on the way: what they say stays in our log.
grpc::Status ToGrpc(const absl::Status& status);
// A status without details that the transport made (UNAVAILABLE, DEADLINE_EXCEEDED, ...) gets the
// shared reason of its code.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace dramatis
