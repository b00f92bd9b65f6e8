// Signs requests to AWS: Signature Version 4 by headers
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
//
//   const std::vector<std::string> headers = SignSigV4(
//       {.method = "POST", .url = url, .headers = {"Accept: application/json"}, .body = body},
//       {.service = "bedrock", .region = "eu-central-1"}, credentials, clock.Now());
//   ... send `headers` besides those that were given ...
//
// All headers that are given are signed, and Host, X-Amz-Date, X-Amz-Content-Sha256 and, where
// there is one, X-Amz-Security-Token. The path is sent as it is written in the URL; it is encoded
// once more for the signature, as every service but S3 wants it. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace dramatis::aws {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for those of a user
  // When they end; never for those of a user.
  absl::Time expires = absl::InfiniteFuture();
  bool operator==(const Credentials&) const = default;
};

struct SigV4Request {
  std::string method;
  // `scheme://host[:port]/path[?query]`, path and query encoded.
  std::string url;
  std::vector<std::string> headers;  // `Name: value`
  std::string_view body;
};

// What is called.
struct SigV4Scope {
  std::string service;
  std::string region;
};

// The headers to add: Authorization, X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token.
std::vector<std::string> SignSigV4(const SigV4Request& request,
                                   const SigV4Scope& scope,
                                   const Credentials& credentials,
                                   absl::Time now);

// The canonical form of a request with exactly these headers, whose body has this SHA-256: what is
// signed.
std::string CanonicalRequest(const SigV4Request& request,
                             const SigV4Scope& scope,
                             const std::string& payload_hash);

}  // namespace dramatis::aws
