// Whether a caller may call an RPC at all, by the access that its proto declares. What needs the
// resource (owners) is decided where that is read.
//
//   DRAMATIS_RETURN_IF_ERROR(CheckAccess(call.identity, rule.access()));
//
// A pure function.
#pragma once

#include "dramatis/options/v1/options.pb.h"

#include "absl/status/status.h"
#include "shared/call/call.h"

namespace dramatis {

// PERMISSION_DENIED.
absl::Status CheckAccess(const Identity& identity, options::v1::Access access);

}  // namespace dramatis
