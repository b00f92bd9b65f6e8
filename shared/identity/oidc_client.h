// What a page's sign-in needs of an OpenID Connect issuer: where a browser goes, and the exchange
// of what it comes back with for tokens (Authorization Code with PKCE, RFC 6749 and RFC 7636), as a
// public client, without a secret; and the end of both: tokens made void (RFC 7009), and where a
// browser goes to sign out (OpenID Connect RP-Initiated Logout 1.0). Keeps the issuer's discovery
// document for a while, and no token.
//
//   OidcClient client({.issuer = "https://id.example.org", .client_id = "page"}, fetch, send,
//                     clock, logger);
//   client.FindDoor()               -> where to sign in
//   client.ExchangeCode(...)        -> tokens
//   client.Revoke(tokens.refresh_token, OidcClient::Kind::kRefreshToken)
//
// Blocks for seconds at most. Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/identity/key_source.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis {

struct FormAnswer {
  int status = 0;
  std::string body;
};

// The answer to a POST of `application/x-www-form-urlencoded`; UNAVAILABLE where none came.
using SendForm =
    std::function<absl::StatusOr<FormAnswer>(const std::string& url, const std::string& form)>;

struct OidcTokens {
  std::string access_token;
  std::optional<int> expires_in;  // seconds
  std::string refresh_token;      // empty where there is none
  std::string id_token;           // the same
};

class OidcClient {
 public:
  struct Options {
    std::string issuer;
    std::string client_id;
    // Empty: `openid`, `required_scope`, and `offline_access` where the issuer offers it.
    std::string scope = {};
    std::string required_scope = {};
    absl::Duration refresh = absl::Minutes(5);
  };
  struct Door {
    std::string authorization_endpoint;
    std::string scope;
    std::string sign_out_endpoint;  // empty where there is none
  };
  enum class Kind { kRefreshToken, kAccessToken };

  // Where the issuer does not do as it should, and why it refuses, goes into the log; no token
  // does.
  OidcClient(Options options, FetchUrl fetch, SendForm send, const Clock& clock, Logger& logger);

  const std::string& issuer() const { return options_.issuer; }
  const std::string& client_id() const { return options_.client_id; }

  // Where people sign in. UNAVAILABLE where the issuer does not say.
  absl::StatusOr<Door> FindDoor() ABSL_LOCKS_EXCLUDED(mutex_);
  // Tokens for a code. SIGN_IN_REFUSED where the issuer refuses, UNAVAILABLE where it answers
  // otherwise, or nothing.
  absl::StatusOr<OidcTokens> ExchangeCode(const std::string& code,
                                          const std::string& redirect_uri,
                                          const std::string& code_verifier);
  // The same for a refresh token.
  absl::StatusOr<OidcTokens> Refresh(const std::string& refresh_token);
  // Makes a token void. False where the issuer has no place for that, or not for such a token;
  // UNAVAILABLE where it does not answer as it should.
  absl::StatusOr<bool> Revoke(const std::string& token, Kind kind);

 private:
  struct Endpoints {
    Door door;
    std::string token;
    std::string revocation;  // empty where there is none
  };
  using Form = std::vector<std::pair<std::string_view, std::string_view>>;

  absl::StatusOr<Endpoints> Find() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Endpoints> Discover() const;
  absl::StatusOr<OidcTokens> Exchange(const Form& form);
  // The issuer's answer to the form, as this client's.
  absl::StatusOr<FormAnswer> Send(const std::string& url, const Form& form) const;
  absl::Status Unusable(const std::string& why) const;

  const Options options_;
  const FetchUrl fetch_;
  const SendForm send_;
  const Clock& clock_;
  Logger& logger_;
  absl::Mutex mutex_;
  std::optional<Endpoints> endpoints_ ABSL_GUARDED_BY(mutex_);
  absl::Time found_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace dramatis
