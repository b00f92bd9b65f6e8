// The condition of a change: If-Match (RFC 9110, section 13.1.1) against the etag of what is there.
//
//   DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(row)));
//
// Pure functions.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "shared/call/call.h"

namespace dramatis {

// OK if the caller's If-Match, where there is one, names `etag`; ETAG_MISMATCH otherwise. For a
// resource that exists: `*` names whatever its etag is. A list names it if one of its tags does. A
// weak tag names nothing (section 8.8.3.2). A tag may come without quotes, as the etag is in JSON.
absl::Status CheckIfMatch(const CallContext& call, std::string_view etag);

}  // namespace dramatis
