// absl::Status to grpc::Status and back, details intact (google.rpc.Status in
// grpc-status-details-bin). The only place where the two meet. Pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace dramatis {

// The error as its caller gets it (ToCaller).
grpc::Status ToGrpc(const absl::Status& status);
// One without details was made by the transport (TransportError).
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace dramatis
