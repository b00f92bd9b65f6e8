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
// Adds what only whoever runs the program may read, in its log or at its command line: hosts,
// files, what to do. Never sent on to callers; never holds passwords, SQL or values.
absl::Status WithCause(absl::Status status, const std::string& cause);
// The cause; empty where there is none.
std::string GetCause(const absl::Status& status);
// The cause where there is one, else the message: for whoever runs the program.
std::string OperatorMessage(const absl::Status& status);

}  // namespace dramatis
