#include "shared/identity/oidc_authenticator.h"

#include <memory>
#include <string_view>
#include <utility>

#include <sys/resource.h>

#include "shared/call/bearer.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr size_t kMostCached = 8192;
// Tokens that wait to be verified aside.
constexpr int kMostAside = 10'000;

// Leaves the processor to others, from now on; once for each thread.
void StandBack() {
  constexpr int kSteps = 10;
  thread_local const int done =
      setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kSteps);  // 0: this thread
  static_cast<void>(done);  // where it is not allowed, nothing is lost but that
}

SignIn Refused(std::string_view refusal) {
  return {UnauthenticatedError(), refusal};
}

SignIn NoKeys() {
  return {WithRetryAfter(UnavailableError("the issuer's keys cannot be had just now"),
                         absl::Seconds(5)),
          "no_keys"};
}

SignIn Crowded() {
  return {
      WithRetryAfter(UnavailableError("too many sign-ins are being verified"), absl::Seconds(1)),
      "crowded"};
}

}  // namespace

OidcAuthenticator::OidcAuthenticator(ClaimsRules rules, KeySource& source, const Clock& clock)
    : rules_(std::move(rules)),
      source_(source),
      clock_(clock),
      cache_(kMostCached),
      aside_(1, kMostAside) {}

std::optional<SignIn> OidcAuthenticator::Authenticate(
    const std::vector<std::string>& authorizations) {
  return Judge(authorizations, Pass::kAtOnce);
}

void OidcAuthenticator::AuthenticateLater(const std::vector<std::string>& authorizations,
                                          std::function<void(SignIn)> done) {
  if (!crowd_.Stands(clock_.Now())) return Finish(authorizations, done);
  const bool posted = aside_.TryPost([this, authorizations, done] {
    StandBack();
    Finish(authorizations, done);
  });
  if (!posted) done(Crowded());
}

void OidcAuthenticator::Finish(const std::vector<std::string>& authorizations,
                               const std::function<void(SignIn)>& done) {
  // The keys may have come meanwhile.
  if (std::optional<SignIn> known = Judge(authorizations, Pass::kAside)) {
    return done(*std::move(known));
  }
  auto later = [this, authorizations, done] { done(*Judge(authorizations, Pass::kFinal)); };
  if (!source_.Await(later)) later();
}

std::optional<SignIn> OidcAuthenticator::Recall(const std::vector<std::string>& authorizations) {
  TokenDigest digest;
  return Recall(authorizations, digest);
}

std::optional<SignIn> OidcAuthenticator::Recall(const std::vector<std::string>& authorizations,
                                                TokenDigest& digest) {
  if (authorizations.empty()) return Refused(kNoCredentials);
  if (authorizations.size() > 1) return Refused("several");
  const std::optional<std::string_view> token = BearerToken(authorizations.front());
  if (!token.has_value()) return Refused("scheme");
  if (token->size() > kMostTokenBytes) return Refused("form");
  digest = DigestOf(*token);
  return Find(digest);
}

std::optional<SignIn> OidcAuthenticator::Find(const TokenDigest& digest) {
  std::optional<Identity> known = cache_.Find(digest, source_.generation(), clock_.Now());
  if (!known.has_value()) return std::nullopt;
  return SignIn{*std::move(known)};
}

std::optional<SignIn> OidcAuthenticator::Judge(const std::vector<std::string>& authorizations,
                                               Pass pass) {
  TokenDigest digest;
  if (std::optional<SignIn> known = Recall(authorizations, digest)) return known;
  const std::string_view token = *BearerToken(authorizations.front());
  const uint64_t generation = source_.generation();
  const std::optional<Jws> jws = Jws::Parse(token);
  if (!jws.has_value()) return Refused("form");
  const std::shared_ptr<const KeySet> keys = source_.keys();
  if (keys == nullptr) {
    if (pass != Pass::kFinal && source_.MayAwait()) return std::nullopt;
    return NoKeys();
  }
  const absl::Time now = clock_.Now();
  if (pass == Pass::kAtOnce && crowd_.Stands(now)) return std::nullopt;
  switch (jws->Verify(*keys)) {
    case JwsOutcome::kAlgorithm:
      return Refused("algorithm");
    case JwsOutcome::kSignature:
      crowd_.NoteBad(now);
      return Refused("signature");
    case JwsOutcome::kUnknownKey:
      if (pass != Pass::kFinal && source_.MayAwait()) return std::nullopt;
      return Refused("unknown_key");
    case JwsOutcome::kValid:
      break;
  }
  Claims claims = ReadClaims(*jws, rules_, now);
  if (claims.sign_in.identity.ok()) {
    cache_.Add(digest, {*claims.sign_in.identity, claims.expires, generation});
  } else {
    crowd_.NoteBad(now);
  }
  return std::move(claims.sign_in);
}

}  // namespace dramatis
