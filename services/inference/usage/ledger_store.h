// What the ledger keeps: accounts, and what is reserved of them.
//
// Money is millionths of a US dollar. A month and a minute are named by their start, UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/inference/usage/store.h"

namespace dramatis::inference {

// Most that may be used; unset is without limit.
struct Limits {
  std::optional<int64_t> monthly_micros = std::nullopt;
  std::optional<int64_t> tokens_per_minute = std::nullopt;
  bool operator==(const Limits&) const = default;
};

// Who pays.
struct Payer {
  std::string user_id;
  // The key with which the user called; empty without one.
  std::string key_id = {};
  // Most that the key may spend in a month.
  std::optional<int64_t> key_monthly_micros = std::nullopt;
};

// What applies where an admin has not said otherwise.
struct DefaultLimits {
  Limits user = {};
  // Of everybody together.
  std::optional<int64_t> deployment_monthly_micros = std::nullopt;
};

// The months and minutes that a moment is in.
struct Period {
  absl::Time month;
  absl::Time minute;
};
Period PeriodOf(absl::Time now);
// The start of the next month, UTC.
absl::Time NextMonth(absl::Time now);

// Something to reserve.
struct ReservationAsk {
  Payer payer;
  // Unique; of one call under way.
  std::string reservation_id;
  // The most that the call can cost and take.
  int64_t micros = 0;
  int64_t tokens = 0;
  // The process that makes the call.
  std::string holder;
  absl::Time now;
  // There may be a reservation of the same id, in place of which this one is to be.
  bool replaces = false;
};

// Why something is not reserved.
enum class Refused {
  kUserBudget,
  kUserTokens,
  kKeyBudget,
  kDeploymentBudget,
};

// What a user has spent, has reserved and may spend.
struct Account {
  int64_t spent_micros = 0;  // this month
  int64_t reserved_micros = 0;
  Limits limits = {};  // those that were set
  int version = 0;
};

// A reservation by its name.
struct ReservationName {
  std::string user_id;
  std::string reservation_id;
  bool operator==(const ReservationName&) const = default;
};

// Thread-safe. Calls block. Errors: UNAVAILABLE, ABORTED.
class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // Reserves, unless one of the payer's accounts would exceed its limit by it: all or nothing, and
  // exact whoever else reserves at the same time. A call that
  // is alone in its minute exceeds no limit of tokens. Does not wait for the disk.
  virtual absl::StatusOr<std::optional<Refused>> Reserve(const ReservationAsk& ask,
                                                         const DefaultLimits& limits) = 0;
  // Gives up a reservation; without effect where there is none. Does not wait for the disk.
  virtual absl::Status Release(const ReservationName& name, absl::Time now) = 0;
  // Stores the row, adds its cost to the payer's accounts and gives up the reservation, where it is
  // still there. A row of the same user and turn key that is there already stays as it is, and
  // nothing is added: so an attempt is never counted twice. Where the user's account was deleted
  // since the call had begun, there is no row. Waits for the disk. `of_deployment`: the deployment
  // has an account.
  virtual absl::Status Settle(const UsageRow& row,
                              const std::string& reservation_id,
                              bool of_deployment,
                              absl::Time begun) = 0;

  virtual absl::StatusOr<Account> FindAccount(const std::string& user_id, absl::Time now) = 0;
  // Sets the limits of a user. ABORTED where `version` is not the account's.
  virtual absl::Status SetLimits(const std::string& user_id,
                                 const Limits& limits,
                                 int version,
                                 absl::Time now) = 0;

  // From now until then `holder` is alive. Forgets holders long dead, and what was kept of deleted
  // accounts for a while.
  virtual absl::Status RenewHolder(const std::string& holder, absl::Time expires_at) = 0;
  // Some of what holders hold that are not alive.
  virtual absl::StatusOr<std::vector<ReservationName>> FindAbandoned(absl::Time now, int limit) = 0;
};

}  // namespace dramatis::inference
