// A failed turn's error as its row keeps it: a serialized google.rpc.Status, so that every later
// reader gets the error that the first one got. Pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace dramatis::conversation {

std::string SerializeError(const absl::Status& status);
// INTERNAL where `bytes` holds no error.
absl::Status ParseError(const std::string& bytes);

}  // namespace dramatis::conversation
