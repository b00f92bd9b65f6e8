#include "services/inference/usage/budgets.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/call/if_match.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/time/timestamps.h"

namespace dramatis::inference {
namespace {

constexpr int kTries = 8;

std::string EtagOf(const Account& account) {
  return absl::StrCat(account.version);
}

absl::Status CheckWhole(const v1::Budget& budget) {
  std::vector<FieldViolation> violations;
  const auto check = [&](bool set, double value, const char* field) {
    if (set && value != std::floor(value)) violations.push_back({field, "must be a whole number"});
  };
  check(budget.has_monthly_budget_micros(), budget.monthly_budget_micros(),
        "budget.monthly_budget_micros");
  check(budget.has_tokens_per_minute(), budget.tokens_per_minute(), "budget.tokens_per_minute");
  return violations.empty() ? absl::OkStatus() : FieldErrors(violations);
}

// The limits that were set for the user, as a message to merge others into.
v1::Budget SetLimits(const Limits& limits) {
  v1::Budget budget;
  if (limits.monthly_micros.has_value()) {
    budget.set_monthly_budget_micros(static_cast<double>(*limits.monthly_micros));
  }
  if (limits.tokens_per_minute.has_value()) {
    budget.set_tokens_per_minute(static_cast<double>(*limits.tokens_per_minute));
  }
  return budget;
}

Limits LimitsOf(const v1::Budget& budget) {
  Limits limits;
  if (budget.has_monthly_budget_micros()) {
    limits.monthly_micros = static_cast<int64_t>(budget.monthly_budget_micros());
  }
  if (budget.has_tokens_per_minute()) {
    limits.tokens_per_minute = static_cast<int64_t>(budget.tokens_per_minute());
  }
  return limits;
}

std::optional<int64_t> Or(const std::optional<int64_t>& set, const std::optional<int64_t>& other) {
  return set.has_value() ? set : other;
}

}  // namespace

absl::StatusOr<v1::Budget> Budgets::Find(const std::string& user_id) const {
  const absl::Time now = ledger_.clock().Now();
  DRAMATIS_ASSIGN_OR_RETURN(const Account account, ledger_.store().FindAccount(user_id, now));
  const Limits& defaults = ledger_.limits().user;
  v1::Budget budget = SetLimits({Or(account.limits.monthly_micros, defaults.monthly_micros),
                                 Or(account.limits.tokens_per_minute, defaults.tokens_per_minute)});
  budget.set_user_id(user_id);
  budget.set_spent_micros(static_cast<double>(account.spent_micros));
  budget.set_reserved_micros(static_cast<double>(account.reserved_micros));
  *budget.mutable_begins_anew() = ToTimestamp(NextMonth(now));
  budget.set_etag(EtagOf(account));
  return budget;
}

absl::StatusOr<v1::Budget> Budgets::Update(const CallContext& call,
                                           const v1::UpdateBudgetRequest& request) const {
  DRAMATIS_RETURN_IF_ERROR(CheckWhole(request.budget()));
  absl::StatusOr<v1::Budget> updated = TryUpdate(call, request);
  for (int i = 1; i < kTries && absl::IsAborted(updated.status()); ++i)
    updated = TryUpdate(call, request);
  return updated;
}

absl::StatusOr<v1::Budget> Budgets::TryUpdate(const CallContext& call,
                                              const v1::UpdateBudgetRequest& request) const {
  const absl::Time now = ledger_.clock().Now();
  DRAMATIS_ASSIGN_OR_RETURN(const Account account,
                            ledger_.store().FindAccount(request.user_id(), now));
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, EtagOf(account)));
  v1::Budget budget = SetLimits(account.limits);
  const auto& paths = request.update_mask().paths();
  MergeFields(request.budget(), {paths.begin(), paths.end()}, budget);
  DRAMATIS_RETURN_IF_ERROR(
      ledger_.store().SetLimits(request.user_id(), LimitsOf(budget), account.version, now));
  return Find(request.user_id());
}

}  // namespace dramatis::inference
