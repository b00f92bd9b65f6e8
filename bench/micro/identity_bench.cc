// What it costs to know who calls. Of a client: a token or a key that was seen before, a token that
// was not. Between programs: at the calling end, at the called end, and the two that happen once
// for each user in four minutes.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "benchmark/benchmark.h"
#include "shared/call/process_identity.h"
#include "shared/identity/api_key.h"
#include "shared/identity/key_authenticator.h"
#include "shared/identity/oidc_authenticator.h"
#include "shared/identity/programs/identity_folder.h"
#include "shared/identity/programs/program_signer.h"
#include "shared/identity/programs/program_verifier.h"
#include "shared/identity/testing/test_keys.h"
#include "shared/time/clock.h"

namespace dramatis {
namespace {

// As every program does when it starts (shared/program/program.cc).
// NOLINTNEXTLINE(bugprone-throwing-static-initialization): it sets a flag
const bool kSearchesNoDeadlocks = [] {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return true;
}();

// A signer and a verifier over keys of their own.
struct Programs {
  Programs() {
    std::string name = (std::filesystem::temp_directory_path() / "dramatis-bench.XXXXXX");
    folder = mkdtemp(name.data());
    if (!IdentityFolder(folder, {"gateway"}).New().ok()) std::abort();
    signer = FileProgramSigner::Open(folder + "/gateway.json", clock).value();
    verifier = FileProgramVerifier::Open(folder + "/keys.json", "persona", clock).value();
    std::filesystem::remove_all(folder);
  }
  SystemClock clock;
  std::string folder;
  std::unique_ptr<FileProgramSigner> signer;
  std::unique_ptr<FileProgramVerifier> verifier;
};

Programs& ThePrograms() {
  static auto& programs = *new Programs();
  return programs;
}

std::string User(int64_t number) {
  return FormatProcessIdentity({"01a1fc76-d979-74c2-a794-" + std::to_string(number)});
}

void IdentityBetweenServices(benchmark::State& state) {
  Programs& programs = ThePrograms();
  const Identity user{"01a1fc76-d979-74c2-a794-7320cdad334e"};
  for ([[maybe_unused]] auto _ : state) {
    const std::string token = programs.signer->TokenFor("persona", FormatProcessIdentity(user));
    benchmark::DoNotOptimize(programs.verifier->Verify(token));
  }
}
BENCHMARK(IdentityBetweenServices);

void IdentityOfAUserNotSeenBefore(benchmark::State& state) {
  Programs& programs = ThePrograms();
  static int64_t number = 0;  // of all repetitions
  for ([[maybe_unused]] auto _ : state) {
    const std::string token = programs.signer->TokenFor("persona", User(++number));
    benchmark::DoNotOptimize(programs.verifier->Verify(token));
  }
}
BENCHMARK(IdentityOfAUserNotSeenBefore);

// What the gateway lets clients in by in production: keys, then tokens of an issuer.
struct Door {
  Door() {
    absl::Notification fetched;
    source.Await([&] { fetched.Notify(); });
    begin.Notify();
    fetched.WaitForNotification();
    Renew();
  }
  // As it is after a start: nothing was seen before.
  void Renew() {
    keys.reset();
    oidc = std::make_unique<OidcAuthenticator>(
        ClaimsRules{.issuer = "https://id.example.org", .audiences = {"dramatis"}}, source, clock);
    keys = std::make_unique<KeyAuthenticator>(
        "production",
        [](const std::string&, const auto& done) { done(FoundApiKey{Identity{"ada"}}); }, *oidc,
        clock);
  }
  std::vector<std::string> NewToken() {
    const std::string claims = absl::StrCat(
        R"({"iss":"https://id.example.org","aud":"dramatis","sub":"01a1fc76-d979-74c2-a794-7320cdad334e",)",
        R"("scope":"chat memory","jti":")", ++made, R"(","exp":)",
        absl::ToUnixSeconds(clock.Now() + absl::Hours(1)), "}");
    return {"Bearer " +
            signing.Sign("RS256", R"({"alg":"RS256","kid":"a","typ":"at+jwt"})", claims)};
  }

  const SigningKey signing = SigningKey::Rsa();
  const std::string set = KeySetText({signing.Jwk("a", "RS256")});
  SystemClock clock;
  const std::unique_ptr<Logger> logger = MakeSilentLogger();
  Metrics metrics;
  absl::Notification begin;
  int made = 0;
  KeySource source{{.issuer = "https://id.example.org", .jwks_url = "https://id.example.org/keys"},
                   [this](const std::string&) -> absl::StatusOr<std::string> {
                     begin.WaitForNotification();
                     return set;
                   },
                   clock,
                   *logger,
                   metrics};
  std::unique_ptr<OidcAuthenticator> oidc;
  std::unique_ptr<KeyAuthenticator> keys;
};

Door& TheDoor() {
  static auto& door = *new Door();
  return door;
}

bool LetsIn(const std::optional<SignIn>& sign_in) {
  return sign_in.has_value() && sign_in->identity.ok();
}

void TokenSeenBefore(benchmark::State& state) {
  Door& door = TheDoor();
  const std::vector<std::string> token = door.NewToken();
  if (!LetsIn(door.keys->Authenticate(token))) return state.SkipWithError("refused");
  for ([[maybe_unused]] auto _ : state) {
    const std::optional<SignIn> known = door.keys->Recall(token);
    if (!LetsIn(known)) return state.SkipWithError("not known any more");
  }
}
BENCHMARK(TokenSeenBefore);

void KeySeenBefore(benchmark::State& state) {
  Door& door = TheDoor();
  const std::vector<std::string> key = {"Bearer " + NewApiKey("production")};
  const auto look_up = [&] { door.keys->AuthenticateLater(key, [](const SignIn&) {}); };
  look_up();
  for ([[maybe_unused]] auto _ : state) {
    if (LetsIn(door.keys->Recall(key))) continue;
    look_up();  // it is known for 25 s
  }
}
BENCHMARK(KeySeenBefore);

// A quarter of a thousand of them, again and again, each time by a door that knows none.
void NewRs256Token(benchmark::State& state) {
  Door& door = TheDoor();
  static const auto& tokens = *new std::vector<std::vector<std::string>>([&] {
    std::vector<std::vector<std::string>> made;
    made.reserve(250);
    for (int i = 0; i < 250; ++i)
      made.push_back(door.NewToken());
    return made;
  }());
  size_t next = 0;
  for ([[maybe_unused]] auto _ : state) {
    if (next % tokens.size() == 0) {
      state.PauseTiming();
      door.Renew();
      state.ResumeTiming();
    }
    if (!LetsIn(door.keys->Authenticate(tokens[next++ % tokens.size()]))) {
      return state.SkipWithError("refused");
    }
  }
}
BENCHMARK(NewRs256Token);

}  // namespace
}  // namespace dramatis
