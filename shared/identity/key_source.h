// The keys of an issuer, kept up to date by a thread of its own: fetched at the start, then every
// few minutes, and when a token names a key that is not there. The last good set stays.
//
//   KeySource source({.issuer = "https://id.example.org"}, FetchOverHttp, clock, logger, metrics);
//   std::shared_ptr<const KeySet> keys = source.keys();
//   if (!source.Await([] { ... look again ... })) ... it is too soon to ask again ...
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/identity/discovery.h"
#include "shared/identity/jwk.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis {

// The body of a GET that was answered 200. May block, for seconds at most.
using FetchUrl = std::function<absl::StatusOr<std::string>(const std::string& url)>;

class KeySource {
 public:
  struct Options {
    std::string issuer;
    // Empty: what the issuer's /.well-known/openid-configuration says
    // (https://openid.net/specs/openid-connect-discovery-1_0.html, section 4).
    std::string jwks_url = {};
    absl::Duration refresh = absl::Minutes(5);
    // After a fetch that failed.
    absl::Duration retry = absl::Seconds(5);
    // Unknown keys are not asked for more often, whoever makes them up.
    absl::Duration unknown_key_pause = absl::Seconds(10);
    size_t most_waiting = 10'000;
  };

  KeySource(Options options, FetchUrl fetch, const Clock& clock, Logger& logger, Metrics& metrics);
  // Calls what waits.
  ~KeySource();

  // Null until the first good fetch.
  std::shared_ptr<const KeySet> keys() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Changes with the set.
  uint64_t generation() const { return generation_; }

  // Whether Await would wait now.
  bool MayAwait() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Calls `then` from the source's thread when the fetch that is under way, or the one that this
  // begins, has ended. False, and no call: the last one for an unknown key was too short a time
  // ago, or too many wait already.
  bool Await(std::function<void()> then) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run();
  // Fetches once; the set's text.
  absl::StatusOr<std::string> Fetch() const;
  void Take(const absl::StatusOr<std::string>& text) ABSL_LOCKS_EXCLUDED(mutex_);
  bool MayAwaitLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool Wanted() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return wanted_ || stopped_; }

  const Options options_;
  const FetchUrl fetch_;
  const Clock& clock_;
  Logger& logger_;
  Metrics& metrics_;
  std::atomic<uint64_t> generation_ = 0;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const KeySet> keys_ ABSL_GUARDED_BY(mutex_);
  std::string text_ ABSL_GUARDED_BY(mutex_);  // of keys_
  bool wanted_ ABSL_GUARDED_BY(mutex_) = true;
  bool fetching_ ABSL_GUARDED_BY(mutex_) = true;  // the first fetch is as good as begun
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time last_unknown_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace dramatis
