#include "shared/identity/key_authenticator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "shared/call/bearer.h"
#include "shared/identity/api_key.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

SignIn RefuseKey(std::string_view refusal) {
  return {UnauthenticatedError(), refusal};
}

SignIn NoLookUp() {
  return {WithRetryAfter(UnavailableError("keys cannot be looked up just now"), absl::Seconds(1)),
          "no_look_up"};
}

}  // namespace

std::optional<std::string_view> KeyAuthenticator::KeyOf(
    const std::vector<std::string>& authorizations) {
  if (authorizations.size() != 1) return std::nullopt;
  const std::optional<std::string_view> token = BearerToken(authorizations.front());
  if (!token.has_value() || !LooksLikeApiKey(*token)) return std::nullopt;
  return token;
}

std::optional<SignIn> KeyAuthenticator::Judge(std::string_view key) {
  std::optional<Identity> known = cache_.Find(DigestOf(key), 0, clock_.Now());
  if (known.has_value()) return SignIn{*std::move(known)};
  const std::optional<ApiKey> parsed = ApiKey::Parse(key);
  if (!parsed.has_value()) return RefuseKey("form");
  if (parsed->environment != environment_) return RefuseKey("environment");
  return std::nullopt;
}

std::optional<SignIn> KeyAuthenticator::Recall(const std::vector<std::string>& authorizations) {
  const std::optional<std::string_view> key = KeyOf(authorizations);
  return key.has_value() ? Judge(*key) : next_.Recall(authorizations);
}

std::optional<SignIn> KeyAuthenticator::Authenticate(
    const std::vector<std::string>& authorizations) {
  const std::optional<std::string_view> key = KeyOf(authorizations);
  return key.has_value() ? Judge(*key) : next_.Authenticate(authorizations);
}

void KeyAuthenticator::AuthenticateLater(const std::vector<std::string>& authorizations,
                                         std::function<void(SignIn)> done) {
  const std::optional<std::string_view> key = KeyOf(authorizations);
  if (!key.has_value()) return next_.AuthenticateLater(authorizations, std::move(done));
  // It may have become known meanwhile.
  if (std::optional<SignIn> known = Judge(*key)) return done(*std::move(known));
  const TokenDigest digest = DigestOf(*key);
  const std::string hash = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  {
    absl::ReleasableMutexLock lock(&mutex_);
    const auto waiting = waiting_.find(hash);
    if (waiting != waiting_.end()) {
      waiting->second.push_back(std::move(done));
      return;
    }
    if (waiting_.size() >= kMostLookUps) {
      lock.Release();
      return done(NoLookUp());
    }
    waiting_[hash].push_back(std::move(done));
  }
  find_(hash, [this, hash, digest,
               asked = clock_.Now()](absl::StatusOr<std::optional<FoundApiKey>> found) {
    Found(hash, digest, asked, std::move(found));
  });
}

void KeyAuthenticator::Found(const std::string& hash,
                             const TokenDigest& digest,
                             absl::Time asked,
                             absl::StatusOr<std::optional<FoundApiKey>> found) {
  SignIn sign_in = NoLookUp();
  if (found.ok() && found->has_value()) {
    sign_in = {(*found)->identity};
    cache_.Add(digest, {(*found)->identity, std::min(asked + kKnown, (*found)->expires), 0});
  } else if (found.ok()) {
    sign_in = RefuseKey("unknown_key");
  }
  std::vector<std::function<void(SignIn)>> waiting;
  {
    const absl::MutexLock lock(&mutex_);
    const auto entry = waiting_.find(hash);
    waiting.swap(entry->second);
    waiting_.erase(entry);
  }
  for (const auto& done : waiting)
    done(sign_in);
}

}  // namespace dramatis
