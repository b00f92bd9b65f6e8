// How much anybody may ask: each user, each key, each address that shows no identity, and the
// deployment as a whole; and how many streams a user may have open.
//
//   RateLimits limits(settings);
//   const RateVerdict verdict = limits.Take(identity, now);
//   if (!verdict.status.ok()) ... 429 ...
//   head += verdict.headers;
//
// Each gateway counts for itself, against its share of every limit. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/access/rate.h"
#include "shared/call/call.h"

namespace dramatis::gateway {

struct RateLimitSettings {
  Rate deployment = {};
  Rate user = {};
  Rate address = {};
  // Most open streams of one user; 0: no limit.
  int user_streams = 0;
  // Gateways that share the limits.
  int replicas = 1;
};

struct RateVerdict {
  // RESOURCE_EXHAUSTED, RATE_LIMITED, with when to try again.
  absl::Status status;
  // Header lines `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11);
  // empty where nothing limits the caller.
  std::string headers;
};

class RateLimits {
 public:
  explicit RateLimits(const RateLimitSettings& settings);

  // A request of somebody who has shown who they are.
  RateVerdict Take(const Identity& caller, absl::Time now);
  // A request of somebody who has not.
  absl::Status TakeAddress(std::string_view address, absl::Time now);
  // Whether TakeAddress would let one through; for before credentials are verified, which costs
  // more than to refuse.
  absl::Status LookAddress(std::string_view address, absl::Time now) const;

  // Keeps a user's place while it lives. Outlived by the limits.
  class StreamPlace {
   public:
    StreamPlace(RateLimits& limits, std::string user) : limits_(limits), user_(std::move(user)) {}
    ~StreamPlace() { limits_.EndStream(user_); }
    StreamPlace(const StreamPlace&) = delete;
    StreamPlace& operator=(const StreamPlace&) = delete;

   private:
    RateLimits& limits_;
    const std::string user_;
  };
  // Null where the user has as many streams as one may have.
  std::unique_ptr<StreamPlace> OpenStream(const Identity& caller) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void EndStream(const std::string& user) ABSL_LOCKS_EXCLUDED(mutex_);

  const int replicas_;
  const int most_streams_;
  RateTable deployment_;
  RateTable users_;
  RateTable keys_;
  RateTable addresses_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, int> streams_ ABSL_GUARDED_BY(mutex_);
};

// RESOURCE_EXHAUSTED, RATE_LIMITED: more streams than a user may have.
absl::Status TooManyStreamsError();

// Whom an address stands for: an IPv6 address for its network of 64 bits, which one host has.
std::string AddressSubject(std::string_view address);

}  // namespace dramatis::gateway
