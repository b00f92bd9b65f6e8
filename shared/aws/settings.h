// What the environment says of AWS, under the names that AWS' own SDKs read.
#pragma once

#include <string>

#include "shared/aws/credentials.h"
#include "shared/config/environment.h"

namespace dramatis::aws {

// `region` is used where AWS_REGION is not set. Notes a problem where a secret key stands in the
// environment of another deployment than `local`.
CredentialSettings ReadCredentialSettings(Settings& settings, const std::string& region);

// AWS_REGION, else AWS_DEFAULT_REGION, else `fallback`. Notes a problem where what it says is none;
// where there is none at all, `wanted_by` says who wants it.
std::string ReadRegion(Settings& settings,
                       const std::string& fallback,
                       const std::string& wanted_by);

// AWS_ENDPOINT_URL_<SERVICE>, else AWS_ENDPOINT_URL, without a slash at its end: another server
// than Amazon's. Empty where there is none; notes a problem where it is no http or https URL.
std::string ReadEndpoint(Settings& settings, const std::string& service_in_upper_case);

}  // namespace dramatis::aws
