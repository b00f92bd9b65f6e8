// Lets in whom a JWT of the configured issuer names.
//
//   KeySource source(...);
//   OidcAuthenticator authenticator(rules, source, clock);
//   SetProcessAuthenticator(&authenticator);
//
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/call/authenticator.h"
#include "shared/identity/claims.h"
#include "shared/identity/key_source.h"
#include "shared/identity/token_cache.h"
#include "shared/time/clock.h"

namespace dramatis {

class OidcAuthenticator : public Authenticator {
 public:
  // `source` and `clock` outlive it, and it outlives every call.
  OidcAuthenticator(ClaimsRules rules, KeySource& source, const Clock& clock);

  std::optional<SignIn> Recall(const std::vector<std::string>& authorizations) override;
  // Known at once unless the keys are not there yet or the token names one that is new.
  std::optional<SignIn> Authenticate(const std::vector<std::string>& authorizations) override;
  void AuthenticateLater(const std::vector<std::string>& authorizations,
                         std::function<void(SignIn)> done) override;

 private:
  // As Recall; where it knows nobody yet, `digest` becomes that of the token.
  std::optional<SignIn> Recall(const std::vector<std::string>& authorizations, TokenDigest& digest);
  std::optional<SignIn> Find(const TokenDigest& digest);
  // nullopt where a fetch may help and `final` is false. Without any keys, UNAVAILABLE: nobody's
  // credentials are wrong.
  std::optional<SignIn> Judge(const std::vector<std::string>& authorizations, bool final);

  const ClaimsRules rules_;
  KeySource& source_;
  const Clock& clock_;
  TokenCache cache_;
};

}  // namespace dramatis
