// Whom a verified token speaks for: the claims of RFC 9068, Cognito, Keycloak, Auth0 and Entra.
//
//   const ClaimsRules rules{.issuer = "https://id.example.org", .audiences = {"dramatis"}};
//   const Claims claims = ReadClaims(*jws, rules, clock.Now());
//
// A pure function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "shared/call/authenticator.h"
#include "shared/identity/jws.h"

namespace dramatis {

// A claim is named by its name, or by an RFC 6901 pointer, which begins with '/'.
struct ClaimsRules {
  std::string issuer;
  // One of them must be in `aud`, or, where a token has none, be its `client_id` or `azp`.
  std::vector<std::string> audiences;
  std::string user_claim = "sub";
  std::vector<std::string> roles_claims = {"cognito:groups", "roles", "/realm_access/roles",
                                           "permissions"};
  std::string admin_role = "admin";
  // A scope that every token must have; empty: none.
  std::string scope = {};
  // How far clocks may be apart.
  absl::Duration skew = absl::Seconds(60);
};

struct Claims {
  SignIn sign_in;
  // Until when it holds, where it does.
  absl::Time expires;
};

// An identity, UNAUTHENTICATED, or PERMISSION_DENIED (INSUFFICIENT_SCOPE), which names the scope.
Claims ReadClaims(const Jws& jws, const ClaimsRules& rules, absl::Time now);

}  // namespace dramatis
