// What of an error crosses from one service to another, over gRPC or within a process. Pure
// functions.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace dramatis {

// An error as its caller gets it. It always has an ErrorInfo: one without gets the shared reason of
// its code. INTERNAL and UNKNOWN lose their message: what they say stays in our log. Messages and
// field violations that would not fit a client's header limit (8 KiB) are cut short.
absl::Status ToCaller(const absl::Status& status);

// An error that the transport made (UNAVAILABLE, DEADLINE_EXCEEDED, ...): the shared reason and
// message of its code, and as its cause what the transport said.
absl::Status TransportError(absl::StatusCode code, const std::string& cause);
// What the transport said, addresses included: for our log only, never sent on. Empty where there
// is none.
std::string TransportCause(const absl::Status& status);

}  // namespace dramatis
