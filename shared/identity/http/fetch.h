// One request at a time, for small documents of an identity provider: over libcurl's easy
// interface, apart from the loop that models' answers stream through.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "shared/identity/oidc_client.h"

namespace dramatis {

// The body of a 200. UNAVAILABLE for everything else, with curl's words: another status, a
// redirect, more than 256 KiB, more than 5 s. Certificates are verified; http only to loopback.
// Blocks. Thread-safe.
absl::StatusOr<std::string> FetchOverHttp(const std::string& url);

// The answer, of any status, to a POST of `application/x-www-form-urlencoded`; with the same
// limits.
absl::StatusOr<FormAnswer> SendFormOverHttp(const std::string& url, const std::string& form);

}  // namespace dramatis
