// Who calls, by the credentials that came with a call. One step of every call, before access and
// field rules: CallRecord::Identify takes it, however the call came.
//
//   if (std::optional<SignIn> known = authenticator.Authenticate(authorizations)) return *known;
//   authenticator.AuthenticateLater(authorizations, [](const SignIn& sign_in) {...});
//
// A process has one, chosen at its start: the local form, or JWTs of an issuer
// (shared/identity/oidc_authenticator.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/call/call.h"

namespace dramatis {

// What has come of a call's credentials.
struct SignIn {
  // An error is what the caller is answered.
  absl::StatusOr<Identity> identity;
  // Why it is an error: one word of a closed list, as in "expired". For the log, the audit log and
  // the metric; never sent.
  std::string_view refusal = {};
};

// The refusal of a call without any credentials.
inline constexpr std::string_view kNoCredentials = "missing";

// Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // What is known of the credentials without verifying or looking up anything: those that were let
  // in a moment ago, and what needs neither. nullopt says nothing.
  virtual std::optional<SignIn> Recall(const std::vector<std::string>& authorizations) = 0;
  // `authorizations`: every `authorization` entry of the call. nullopt where it takes a while to
  // say: the issuer's keys have to be fetched first. Does not block.
  virtual std::optional<SignIn> Authenticate(const std::vector<std::string>& authorizations) = 0;
  // The same, however long it takes; `done` is called once, from any thread, or before this
  // returns.
  virtual void AuthenticateLater(const std::vector<std::string>& authorizations,
                                 std::function<void(SignIn)> done) = 0;
};

// UNAUTHENTICATED, in the same words for every reason.
absl::Status UnauthenticatedError();

// The form of the environment `local` (ParseAuthorizations).
Authenticator& LocalForm();

// Lets in nobody: of a program that other programs call and no client, outside `local`.
Authenticator& NoClients();

// The process's authenticator; the local form (ParseAuthorizations) unless another was set.
Authenticator& ProcessAuthenticator();
// To be called before anything is served; null for the local form. It outlives every call.
void SetProcessAuthenticator(Authenticator* authenticator);

}  // namespace dramatis
