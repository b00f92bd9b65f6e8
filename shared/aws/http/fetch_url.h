// Small requests to metadata and token services, one at a time, over libcurl's easy interface.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "shared/aws/credentials.h"

namespace dramatis::aws {

// The body of a 2xx of at most 64 KiB. UNAVAILABLE for everything else, with the host and the
// status, or curl's words: redirects are not followed; a connection has 1 s, the whole 5 s.
// Certificates are verified; proxies are not asked. Blocks. Thread-safe.
absl::StatusOr<std::string> FetchUrl(const SmallRequest& request);

}  // namespace dramatis::aws
