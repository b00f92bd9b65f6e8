// AWS credentials of a pod, a container, a machine, or, at a desk, of the environment
// (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html), in this order:
//
//   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN   where they may be used: `local`
//   AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN                     STS, as EKS gives them to pods
//   AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI           ECS, EKS Pod Identity
//   the machine's metadata service, IMDSv2, unless AWS_EC2_METADATA_DISABLED=true
//
// Whatever is set up and fails is an error: what comes after it is not asked. Left out: profiles,
// SSO, processes.
//
//   absl::StatusOr<Credentials> credentials = FetchCredentials(settings, FetchUrl);
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/aws/sigv4.h"

namespace dramatis::aws {

// A small request to a metadata or token service, and what came.
struct SmallRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers = {};  // `Name: value`
  std::string body = {};
};
// The body of a 2xx; UNAVAILABLE for everything else, without what was sent. Blocks for seconds at
// most.
using Fetch = std::function<absl::StatusOr<std::string>(const SmallRequest&)>;

struct CredentialSettings {
  // The variables named above, those that are set.
  std::map<std::string, std::string> environment = {};
  // Keys in the environment may be used.
  bool keys_from_environment = false;
  // Of STS.
  std::string region = {};
};

// Asks the first that is set up. UNAVAILABLE or FAILED_PRECONDITION, which says who was asked and
// what to do. Blocks.
absl::StatusOr<Credentials> FetchCredentials(const CredentialSettings& settings,
                                             const Fetch& fetch);

// The answer of AssumeRoleWithWebIdentity. UNAVAILABLE where it has none.
absl::StatusOr<Credentials> ParseStsAnswer(std::string_view xml);
// The answer of a container's or a machine's metadata service. UNAVAILABLE where it has none.
absl::StatusOr<Credentials> ParseMetadataAnswer(std::string_view text);

// Whether a container's credentials may be asked for at this URL: over https, or over http from
// this machine alone.
bool IsContainerUrl(const std::string& url);

}  // namespace dramatis::aws
