#include "shared/identity/oidc_authenticator.h"

#include <memory>
#include <string_view>
#include <utility>

#include "shared/call/bearer.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr size_t kMostCached = 8192;

SignIn Refused(std::string_view refusal) {
  return {UnauthenticatedError(), refusal};
}

SignIn NoKeys() {
  return {WithRetryAfter(UnavailableError("the issuer's keys cannot be had just now"),
                         absl::Seconds(5)),
          "no_keys"};
}

}  // namespace

OidcAuthenticator::OidcAuthenticator(ClaimsRules rules, KeySource& source, const Clock& clock)
    : rules_(std::move(rules)), source_(source), clock_(clock), cache_(kMostCached) {}

std::optional<SignIn> OidcAuthenticator::Authenticate(
    const std::vector<std::string>& authorizations) {
  return Judge(authorizations, /*final=*/false);
}

void OidcAuthenticator::AuthenticateLater(const std::vector<std::string>& authorizations,
                                          std::function<void(SignIn)> done) {
  // The keys may have come meanwhile.
  if (std::optional<SignIn> known = Judge(authorizations, /*final=*/false)) {
    return done(*std::move(known));
  }
  auto later = [this, authorizations, done] { done(*Judge(authorizations, /*final=*/true)); };
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
                                               bool final) {
  TokenDigest digest;
  if (std::optional<SignIn> known = Recall(authorizations, digest)) return known;
  const std::string_view token = *BearerToken(authorizations.front());
  const uint64_t generation = source_.generation();
  const std::optional<Jws> jws = Jws::Parse(token);
  if (!jws.has_value()) return Refused("form");
  const std::shared_ptr<const KeySet> keys = source_.keys();
  if (keys == nullptr) {
    if (!final && source_.MayAwait()) return std::nullopt;
    return NoKeys();
  }
  switch (jws->Verify(*keys)) {
    case JwsOutcome::kAlgorithm:
      return Refused("algorithm");
    case JwsOutcome::kSignature:
      return Refused("signature");
    case JwsOutcome::kUnknownKey:
      if (!final && source_.MayAwait()) return std::nullopt;
      return Refused("unknown_key");
    case JwsOutcome::kValid:
      break;
  }
  Claims claims = ReadClaims(*jws, rules_, clock_.Now());
  if (claims.sign_in.identity.ok()) {
    cache_.Add(digest, {*claims.sign_in.identity, claims.expires, generation});
  }
  return std::move(claims.sign_in);
}

}  // namespace dramatis
