// Signed calls to a service of AWS, or to one that speaks its API: tried again where that helps.
//
//   ServiceClient s3({.service = "s3", .region = "eu-central-1"}, credentials, SendWebRequest,
//                    clock);
//   absl::StatusOr<WebAnswer> answer =
//       s3.Send({.url = "https://bucket.s3.eu-central-1.amazonaws.com/key"});
//
// No connection, 429 and 5xx are tried 3 times, with waits of 0.1 s x 2^n and full jitter; where
// the credentials are refused (401, 403, or 400 with an expired token), they are fetched once more
// and the call is made once more. Once a request's sink has had a byte, nothing is tried again.
// Blocks. Thread-safe.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/aws/credential_cache.h"
#include "shared/aws/sigv4.h"
#include "shared/http_client/web.h"
#include "shared/time/clock.h"

namespace dramatis::aws {

class ServiceClient {
 public:
  using Sleep = std::function<void(absl::Duration)>;

  // References outlive it.
  ServiceClient(SigV4Scope scope, CredentialCache& credentials, WebClient web, const Clock& clock);
  // The same, whose waits are `sleep`'s.
  ServiceClient(SigV4Scope scope,
                CredentialCache& credentials,
                WebClient web,
                const Clock& clock,
                Sleep sleep);

  // Whatever answer came last. UNAVAILABLE where none came, or there are no credentials.
  absl::StatusOr<WebAnswer> Send(const WebRequest& request) const;

 private:
  absl::StatusOr<WebAnswer> SendOnce(const WebRequest& request) const;

  const SigV4Scope scope_;
  CredentialCache& credentials_;
  const WebClient web_;
  const Clock& clock_;
  const Sleep sleep_;
};

}  // namespace dramatis::aws
