// Lets in whom a JWT of the configured issuer names.
//
//   KeySource source(...);
//   OidcAuthenticator authenticator(rules, source, clock);
//   SetProcessAuthenticator(&authenticator);
//
// While a crowd sends bad tokens, what is not known yet is verified aside: one token after the
// other, on a thread that leaves the processor to whoever was let in before.
//
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/call/authenticator.h"
#include "shared/executor/crowd.h"
#include "shared/executor/executor.h"
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
  // Known at once unless the keys are not there yet, the token names one that is new, or a crowd
  // sends bad ones.
  std::optional<SignIn> Authenticate(const std::vector<std::string>& authorizations) override;
  void AuthenticateLater(const std::vector<std::string>& authorizations,
                         std::function<void(SignIn)> done) override;

 private:
  // As Recall; where it knows nobody yet, `digest` becomes that of the token.
  std::optional<SignIn> Recall(const std::vector<std::string>& authorizations, TokenDigest& digest);
  std::optional<SignIn> Find(const TokenDigest& digest);
  enum class Pass {
    kAtOnce,  // nullopt where a fetch may help, or there is a crowd
    kAside,   // nullopt where a fetch may help
    kFinal,
  };
  // Without any keys, UNAVAILABLE: nobody's credentials are wrong.
  std::optional<SignIn> Judge(const std::vector<std::string>& authorizations, Pass pass);
  void Finish(const std::vector<std::string>& authorizations,
              const std::function<void(SignIn)>& done);

  const ClaimsRules rules_;
  KeySource& source_;
  const Clock& clock_;
  TokenCache cache_;
  Crowd crowd_;
  Executor aside_;  // the last, whose tasks use the others
};

}  // namespace dramatis
