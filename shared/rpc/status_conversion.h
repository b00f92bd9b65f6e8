// absl::Status to grpc::Status and back, details intact (google.rpc.Status in
// grpc-status-details-bin). The only place where the two meet. Pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace dramatis {

// Every error leaves with an ErrorInfo: one without gets the shared reason of its code. INTERNAL
// and UNKNOWN lose their message on the way: what they say stays in our log. Messages and field
// violations that would not fit a client's header limit (8 KiB) are cut short.
grpc::Status ToGrpc(const absl::Status& status);
// A status without details was made by the transport (UNAVAILABLE, DEADLINE_EXCEEDED, ...): it gets
// the shared reason and message of its code, and keeps what the transport said as its cause.
absl::Status FromGrpc(const grpc::Status& status);

// What the transport said of an error that FromGrpc made, addresses included: for our log only,
// never sent on. Empty where there is none.
std::string TransportCause(const absl::Status& status);

}  // namespace dramatis
