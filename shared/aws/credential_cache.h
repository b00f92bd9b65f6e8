// Credentials that are kept and fetched anew before they end: in the background from five minutes
// before, one fetch at a time; those there are go on until they have ended. Thread-safe.
//
//   CredentialCache cache([&] { return FetchCredentials(settings, FetchUrl); }, clock);
//   absl::StatusOr<Credentials> credentials = cache.Get();
//   ... 403 ...
//   cache.Refetch([] { ... });
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/aws/sigv4.h"
#include "shared/executor/executor.h"
#include "shared/time/clock.h"

namespace dramatis::aws {

inline constexpr absl::Duration kRefreshBefore = absl::Minutes(5);

class CredentialCache {
 public:
  using Source = std::function<absl::StatusOr<Credentials>()>;

  // `source` may block. `clock` outlives the cache.
  CredentialCache(Source source, const Clock& clock);
  // As Stop.
  ~CredentialCache();
  // Waits for a fetch under way; none begins afterwards, and nothing is called.
  void Stop() { executor_.Stop(); }

  // Blocks only where there are none yet, or they have ended: then until a fetch has.
  absl::StatusOr<Credentials> Get();
  // Fetches them anew, and calls `done`, on a thread of its own, when that has ended, well or not.
  // False, and it is not called, where the cache was stopped before.
  bool Refetch(std::function<void()> done);

 private:
  bool Begin(std::function<void()> done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fetch();

  const Source source_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::optional<Credentials> credentials_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  bool fetching_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  Executor executor_{1, 1};
};

}  // namespace dramatis::aws
