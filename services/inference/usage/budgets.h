// The use cases behind GetBudget and UpdateBudget, and a user's own view of it. Thread-safe.
#pragma once

#include <string>

#include "dramatis/inference/v1/usage.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/usage/ledger.h"
#include "shared/call/call.h"

namespace dramatis::inference {

class Budgets {
 public:
  // `ledger` outlives it.
  explicit Budgets(Ledger& ledger) : ledger_(ledger) {}

  // What the user may spend and has spent. UNAVAILABLE.
  absl::StatusOr<v1::Budget> Find(const std::string& user_id) const;
  // Merges limits as the mask says. VALIDATION_FAILED, ETAG_MISMATCH, UNAVAILABLE.
  absl::StatusOr<v1::Budget> Update(const CallContext& call,
                                    const v1::UpdateBudgetRequest& request) const;

 private:
  absl::StatusOr<v1::Budget> TryUpdate(const CallContext& call,
                                       const v1::UpdateBudgetRequest& request) const;

  Ledger& ledger_;
};

}  // namespace dramatis::inference
