// The ledger: before a call to a model the most that it can cost is reserved, after it what it did
// cost is settled, and what a process reserved that died is freed once its lease has expired.
//
//   std::shared_ptr<Hold> hold = ledger.Open({.user_id = user});
//   DRAMATIS_RETURN_IF_ERROR(hold->Cover(MostOf(model_request)));   // BUDGET_EXCEEDED: no call
//   ... call the provider ...
//   hold->Settle(row);           // or hold->Release() where nothing is to be paid
//
// Thread-safe; calls to the store block.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "services/inference/providers/provider.h"
#include "services/inference/usage/ledger_store.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

// The most that a call to a model can cost and take.
struct Most {
  int64_t micros = 0;
  int64_t tokens = 0;
};
// The prompt's tokens as they are estimated and a tenth, at the dearest price of a prompt, and the
// longest answer, thinking included.
Most MostOf(const ModelRequest& request);

class Ledger;

// What is reserved for one answer, whatever models are tried for it. Ended once, by Settle, Release
// or its destruction; what is covered after the end is given up at once.
class Hold {
 public:
  // `ledger` outlives it.
  Hold(Ledger& ledger, Payer payer);
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() { Release(); }

  // From now on at least so much is reserved. RESOURCE_EXHAUSTED with BUDGET_EXCEEDED or
  // RATE_LIMITED, and when to come back; UNAVAILABLE; CANCELLED after the end.
  absl::Status Cover(const Most& most);
  // Stores what the answer cost in place of what was reserved. UNAVAILABLE where it could not be
  // stored just now: the ledger goes on trying as long as the process lives.
  absl::Status Settle(const UsageRow& row);
  // Nothing is to be paid.
  void Release();

  const Payer& payer() const { return payer_; }
  // By the ledger's clock, which is the same for all replicas.
  absl::Time Now() const;

 private:
  Ledger& ledger_;
  const Payer payer_;
  const absl::Time begun_;
  absl::Mutex mutex_;
  std::string reservation_id_ ABSL_GUARDED_BY(mutex_);  // empty: nothing is reserved
  Most covered_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

class Ledger {
 public:
  // How long a process may be silent before it counts as dead.
  static constexpr absl::Duration kLease = absl::Seconds(30);
  // How often it says that it lives.
  absl::Duration renewal() const { return lease_ / 3; }

  // References outlive the ledger. `clock` goes as those of the other replicas do
  // (sql::LeaseClock).
  Ledger(LedgerStore& store,
         const Clock& clock,
         const DefaultLimits& limits,
         IdSource& ids,
         Logger& logger,
         Metrics& metrics,
         absl::Duration lease = kLease);

  std::shared_ptr<Hold> Open(Payer payer) {
    return std::make_shared<Hold>(*this, std::move(payer));
  }
  const DefaultLimits& limits() const { return limits_; }
  LedgerStore& store() { return store_; }
  const Clock& clock() const { return clock_; }

  // Says that this process lives, and settles what could not be settled when it ended; before its
  // first call and every renewal().
  absl::Status Renew();
  // Frees what dead processes hold; all that others hold where this is the only process. Every
  // renewal().
  absl::Status FreeAbandoned(bool only_process = false);

 private:
  friend class Hold;
  // What could not be settled yet.
  struct Unsettled {
    UsageRow row;
    std::string reservation_id;
    absl::Time begun;
  };
  bool of_deployment() const { return limits_.deployment_monthly_micros.has_value(); }
  absl::Status Refusal(Refused refused, const Payer& payer, absl::Time now);
  void CountCost(const UsageRow& row);

  LedgerStore& store_;
  const Clock& clock_;
  const DefaultLimits limits_;
  IdSource& ids_;
  Logger& logger_;
  Metrics& metrics_;
  const absl::Duration lease_;
  const std::string holder_;
  absl::Mutex mutex_;
  std::deque<Unsettled> unsettled_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::inference
