// The .proto files that this project's services are made of, from the descriptors linked into the
// program. Thread-safe.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

// Every file below protos/, in order of name. INTERNAL if one is not linked in.
absl::StatusOr<std::vector<const google::protobuf::FileDescriptor*>> LinkedFiles();

}  // namespace dramatis::gateway
