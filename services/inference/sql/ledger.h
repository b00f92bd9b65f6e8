// The ledger's store on SQL. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/inference/usage/ledger_store.h"
#include "shared/sql/database.h"

namespace dramatis::inference {

// The account of a user who is forgotten, where nothing of it has to be kept.
inline constexpr sql::Statement kForgetEmptyAccount = {R"(
  delete from accounts
  where user_id = $1 and account = '' and spent_micros = 0 and reserved_micros = 0
    and monthly_budget_micros is null and tokens_per_minute is null)"};

class SqlLedgerStore : public LedgerStore {
 public:
  // `database` outlives the store and has its migrations.
  explicit SqlLedgerStore(sql::Database& database) : database_(database) {}
  absl::StatusOr<std::optional<Refused>> Reserve(const ReservationAsk& ask,
                                                 const DefaultLimits& limits) override;
  absl::Status Release(const ReservationName& name, absl::Time now) override;
  absl::Status Settle(const UsageRow& row,
                      const std::string& reservation_id,
                      bool of_deployment,
                      absl::Time begun) override;
  absl::StatusOr<Account> FindAccount(const std::string& user_id, absl::Time now) override;
  absl::Status SetLimits(const std::string& user_id,
                         const Limits& limits,
                         int version,
                         absl::Time now) override;
  absl::Status RenewHolder(const std::string& holder, absl::Time expires_at) override;
  absl::StatusOr<std::vector<ReservationName>> FindAbandoned(absl::Time now, int limit) override;

 private:
  sql::Database& database_;
};

}  // namespace dramatis::inference
