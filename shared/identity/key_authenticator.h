// Lets in whoever has an API key; other credentials are judged by another authenticator.
//
//   KeyAuthenticator authenticator("production", find, oidc, clock);
//   SetProcessAuthenticator(&authenticator);
//
// A key is looked up by its hash and known for 25 s from when that began, so that a revocation is
// effective within 30 s; many calls that ask for the same key at once are one look-up. What cannot
// be a key of this deployment (another environment, a wrong check sum) is refused without one.
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/call/authenticator.h"
#include "shared/identity/token_cache.h"
#include "shared/time/clock.h"

namespace dramatis {

// Whose a key is, and until when.
struct FoundApiKey {
  Identity identity;
  absl::Time expires = absl::InfiniteFuture();
};

// Whose key has this hash (HashOfApiKey); nullopt for nobody's. `done` is called once, from any
// thread, or before this returns.
using FindApiKey =
    std::function<void(const std::string& secret_hash,
                       std::function<void(absl::StatusOr<std::optional<FoundApiKey>>)> done)>;

class KeyAuthenticator : public Authenticator {
 public:
  // How long a key is known after it was looked up.
  static constexpr absl::Duration kKnown = absl::Seconds(25);
  // Most look-ups at once; those of made-up keys end there.
  static constexpr size_t kMostLookUps = 256;

  // `next` and `clock` outlive it, and it outlives every call.
  KeyAuthenticator(std::string environment,
                   FindApiKey find,
                   Authenticator& next,
                   const Clock& clock)
      : environment_(std::move(environment)),
        find_(std::move(find)),
        next_(next),
        clock_(clock),
        cache_(kMostCached) {}

  std::optional<SignIn> Recall(const std::vector<std::string>& authorizations) override;
  std::optional<SignIn> Authenticate(const std::vector<std::string>& authorizations) override;
  void AuthenticateLater(const std::vector<std::string>& authorizations,
                         std::function<void(SignIn)> done) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  static constexpr size_t kMostCached = 8192;

  // The key that the credentials are, whole; nullopt where they are none.
  static std::optional<std::string_view> KeyOf(const std::vector<std::string>& authorizations);
  // What is known of a key without a look-up.
  std::optional<SignIn> Judge(std::string_view key);
  void Found(const std::string& hash,
             const TokenDigest& digest,
             absl::Time asked,
             absl::StatusOr<std::optional<FoundApiKey>> found) ABSL_LOCKS_EXCLUDED(mutex_);

  const std::string environment_;
  const FindApiKey find_;
  Authenticator& next_;
  const Clock& clock_;
  TokenCache cache_;
  absl::Mutex mutex_;
  // Who waits for the look-up of a hash.
  absl::flat_hash_map<std::string, std::vector<std::function<void(SignIn)>>> waiting_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
