#include "shared/call/authenticator.h"

#include <atomic>
#include <utility>

#include "shared/status/errors.h"

namespace dramatis {
namespace {

// The form of the environment `local`: names stand for themselves.
class LocalAuthenticator : public Authenticator {
 public:
  std::optional<SignIn> Recall(const std::vector<std::string>& authorizations) override {
    return Authenticate(authorizations);
  }
  std::optional<SignIn> Authenticate(const std::vector<std::string>& authorizations) override {
    absl::StatusOr<Identity> identity = ParseAuthorizations(authorizations);
    const bool known = identity.ok();
    return SignIn{std::move(identity), known ? "" : "malformed"};
  }
  void AuthenticateLater(const std::vector<std::string>& authorizations,
                         std::function<void(SignIn)> done) override {
    done(*Authenticate(authorizations));
  }
};

class NoClientsAuthenticator : public Authenticator {
 public:
  std::optional<SignIn> Recall(const std::vector<std::string>&) override { return std::nullopt; }
  std::optional<SignIn> Authenticate(const std::vector<std::string>& authorizations) override {
    return SignIn{UnauthenticatedError(), authorizations.empty() ? kNoCredentials : "no_issuer"};
  }
  void AuthenticateLater(const std::vector<std::string>& authorizations,
                         std::function<void(SignIn)> done) override {
    done(*Authenticate(authorizations));
  }
};

std::atomic<Authenticator*> process_authenticator = nullptr;

}  // namespace

absl::Status UnauthenticatedError() {
  // Made once: a crowd gets it.
  static const auto& error = *new absl::Status(Error(absl::StatusCode::kUnauthenticated,
                                                     errors::v1::ERROR_REASON_UNAUTHENTICATED,
                                                     "the credentials are not valid"));
  return error;
}

Authenticator& NoClients() {
  static auto& nobody = *new NoClientsAuthenticator();
  return nobody;
}

Authenticator& LocalForm() {
  static auto& local = *new LocalAuthenticator();
  return local;
}

Authenticator& ProcessAuthenticator() {
  Authenticator* const set = process_authenticator.load();
  return set == nullptr ? LocalForm() : *set;
}

void SetProcessAuthenticator(Authenticator* authenticator) {
  process_authenticator = authenticator;
}

}  // namespace dramatis
