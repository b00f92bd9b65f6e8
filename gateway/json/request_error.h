// Errors that the gateway itself finds in a request.
#pragma once

#include <string>

#include "dramatis/errors/v1/errors.pb.h"

#include "absl/status/status.h"

namespace dramatis::gateway {

// INVALID_ARGUMENT with a reason other than VALIDATION_FAILED that still names a field; `field` may
// be empty, then none is named.
absl::Status RequestError(errors::v1::ErrorReason reason,
                          const std::string& message,
                          const std::string& field = "");

}  // namespace dramatis::gateway
