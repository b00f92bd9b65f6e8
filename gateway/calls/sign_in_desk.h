// Where requests about signing in are worked on: threads of its own ask the issuer, which takes a
// while, and are made with the first of them. Thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "dramatis/gateway/v1/sign_in.pb.h"

#include "absl/status/statusor.h"
#include "shared/executor/executor.h"
#include "shared/identity/oidc_client.h"

namespace dramatis::gateway {

class SignInDesk {
 public:
  // `client` is null where nobody signs in at an issuer; `local`: everybody is let in.
  SignInDesk(std::unique_ptr<OidcClient> client, bool local);

  // Runs `work` on a thread that may wait. False where too many wait already, or it has stopped.
  [[nodiscard]] bool TryPost(std::function<void()> work) {
    return executor_.TryPost(std::move(work));
  }
  // Waits for what is under way; nothing is begun any more.
  void Stop() { executor_.Stop(); }

  // The answers; these wait for the issuer. `request` has passed its field rules.
  absl::StatusOr<v1::GetAuthConfigResponse> Config() const;
  absl::StatusOr<v1::ExchangeTokenResponse> Exchange(const v1::ExchangeTokenRequest& request) const;
  absl::StatusOr<v1::RevokeTokenResponse> Revoke(const v1::RevokeTokenRequest& request) const;

 private:
  const std::unique_ptr<OidcClient> client_;
  const bool local_;
  Executor executor_;
};

}  // namespace dramatis::gateway
