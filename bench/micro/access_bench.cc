// What it costs the gateway to know who calls and how much they may ask, once they have been let in
// before: beside the SHA-256 of the same credentials, which nothing can do without.
#include <cstdlib>
#include <memory>
#include <string>

#include <openssl/sha.h>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "benchmark/benchmark.h"
#include "gateway/access/credentials.h"
#include "gateway/access/rate_limits.h"
#include "shared/identity/api_key.h"
#include "shared/identity/key_authenticator.h"
#include "shared/identity/oidc_authenticator.h"
#include "shared/identity/testing/test_keys.h"

namespace dramatis::gateway {
namespace {

// A gateway whose limits nobody reaches, an issuer's token and a key.
struct AccessWorld {
  AccessWorld() {
    absl::Notification fetched;
    if (source.Await([&] { fetched.Notify(); })) fetched.WaitForNotification();
    for (const std::string& credential : {token, key}) {
      absl::Notification known;
      authenticator.AuthenticateLater({"Bearer " + credential}, [&](const SignIn& sign_in) {
        if (!sign_in.identity.ok()) std::abort();
        known.Notify();
      });
      known.WaitForNotification();
    }
  }

  const std::string key = NewApiKey("production");
  const SigningKey signing = SigningKey::Rsa();
  const std::string token = signing.Sign(
      "RS256",
      R"({"alg":"RS256","kid":"rsa","typ":"at+jwt"})",
      R"({"iss":"https://id.example.org","aud":"dramatis","sub":"5ba552d67","client_id":"s6BhdRkqt3",
          "exp":4000000000,"iat":1800000000,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4",
          "scope":"openid profile chat personas_read","roles":["reader","writer"]})");
  SystemClock clock;
  std::unique_ptr<Logger> logger = MakeLogger("error", "bench");
  Metrics metrics;
  KeySource source{{.issuer = "https://id.example.org", .jwks_url = "https://id.example.org/keys"},
                   [this](const std::string&) -> absl::StatusOr<std::string> {
                     return KeySetText({signing.Jwk("rsa", "RS256")});
                   },
                   clock,
                   *logger,
                   metrics};
  OidcAuthenticator oidc{
      {.issuer = "https://id.example.org", .audiences = {"dramatis"}}, source, clock};
  KeyAuthenticator authenticator{
      "production",
      [](const std::string&, const auto& done) {
        auto caller =
            std::make_shared<CallerKey>(CallerKey{"01a219a0-c217-77b1-b7be-a0db9e642dfe"});
        caller->requests_per_minute = 100'000'000;
        done(FoundApiKey{{"ada", AccessRole::kUser, Scopes::All(), std::move(caller)}});
      },
      oidc, clock};
  RateLimits limits{
      {.deployment = {1'000'000'000, absl::Seconds(1)}, .user = {1'000'000'000, absl::Minutes(1)}}};
};

AccessWorld& World() {
  static auto& world = *new AccessWorld();
  return world;
}

// What RequestTask does with the head of a request.
void LetIn(benchmark::State& state, const std::string& authorization) {
  AccessWorld& world = World();
  HttpRequest request;
  request.headers = {{"host", "chat.example.org"}, {"authorization", authorization}};
  for ([[maybe_unused]] auto _ : state) {
    const std::vector<std::string> credentials = ReadCredentials(request);
    std::optional<SignIn> sign_in = world.authenticator.Recall(credentials);
    // A key is looked up again after a while.
    if (!sign_in.has_value()) {
      world.authenticator.AuthenticateLater(credentials,
                                            [&](SignIn later) { sign_in = std::move(later); });
    }
    if (!sign_in.has_value() || !sign_in->identity.ok()) return state.SkipWithError("refused");
    const RateVerdict verdict = world.limits.Take(*sign_in->identity, world.clock.Now());
    if (!verdict.status.ok()) return state.SkipWithError("limited");
    benchmark::DoNotOptimize(verdict.headers);
  }
}

void Digest(benchmark::State& state, const std::string& credential) {
  for ([[maybe_unused]] auto _ : state) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(credential.data()), credential.size(), digest);
    benchmark::DoNotOptimize(digest);
  }
}

void KeySeenBefore(benchmark::State& state) {
  LetIn(state, "Bearer " + World().key);
}
void KeySeenBeforePeerSha256(benchmark::State& state) {
  Digest(state, World().key);
}
void TokenSeenBefore(benchmark::State& state) {
  LetIn(state, "Bearer " + World().token);
}
void TokenSeenBeforePeerSha256(benchmark::State& state) {
  Digest(state, World().token);
}
BENCHMARK(KeySeenBefore);
BENCHMARK(KeySeenBeforePeerSha256);
BENCHMARK(TokenSeenBefore);
BENCHMARK(TokenSeenBeforePeerSha256);

}  // namespace
}  // namespace dramatis::gateway
