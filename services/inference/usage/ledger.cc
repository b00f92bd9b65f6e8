#include "services/inference/usage/ledger.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/inference/providers/effort.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

// Estimates are meant to be a little too high, and may be a little too low.
constexpr double kMargin = 1.1;
constexpr int kMostFreedAtOnce = 500;
constexpr size_t kMostUnsettled = 10'000;

std::string At(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

const char* BudgetOf(Refused refused) {
  switch (refused) {
    case Refused::kKeyBudget:
      return "the key's";
    case Refused::kDeploymentBudget:
      return "the deployment's";
    default:
      return "your";
  }
}

}  // namespace

Period PeriodOf(absl::Time now) {
  const absl::CivilSecond civil = absl::ToCivilSecond(now, absl::UTCTimeZone());
  return {absl::FromCivil(absl::CivilMonth(civil), absl::UTCTimeZone()),
          absl::FromCivil(absl::CivilMinute(civil), absl::UTCTimeZone())};
}

absl::Time NextMonth(absl::Time now) {
  return absl::FromCivil(absl::CivilMonth(absl::ToCivilSecond(now, absl::UTCTimeZone())) + 1,
                         absl::UTCTimeZone());
}

Most MostOf(const ModelRequest& request) {
  const Prices& prices = request.model.prices;
  const double input = std::ceil(kMargin * request.prompt->manifest.prompt_tokens());
  const double output = AnswerLimit(request.model, request.parameters);
  const double dearest = std::max({prices.input, prices.cached, prices.written});
  return {.micros = static_cast<int64_t>(std::ceil(dearest * input + prices.output * output)),
          .tokens = static_cast<int64_t>(input + output)};
}

Hold::Hold(Ledger& ledger, Payer payer)
    : ledger_(ledger), payer_(std::move(payer)), begun_(ledger.clock_.Now()) {}

absl::Status Hold::Cover(const Most& most) {
  const absl::MutexLock lock(&mutex_);
  if (ended_) return absl::CancelledError("nobody waits for the answer any longer");
  if (!reservation_id_.empty() && most.micros <= covered_.micros &&
      most.tokens <= covered_.tokens) {
    return absl::OkStatus();
  }
  const Most wanted = {std::max(most.micros, covered_.micros),
                       std::max(most.tokens, covered_.tokens)};
  const bool replaces = !reservation_id_.empty();
  const std::string id = replaces ? reservation_id_ : ledger_.ids_.NewId();
  const absl::Time now = ledger_.clock_.Now();
  // Noted first: where it is not known whether it was reserved, it has to be given up too.
  reservation_id_ = id;
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<Refused> refused,
                            ledger_.store_.Reserve({.payer = payer_,
                                                    .reservation_id = id,
                                                    .micros = wanted.micros,
                                                    .tokens = wanted.tokens,
                                                    .holder = ledger_.holder_,
                                                    .now = now,
                                                    .replaces = replaces},
                                                   ledger_.limits_));
  if (!refused.has_value()) {
    covered_ = wanted;
    return absl::OkStatus();
  }
  if (covered_.tokens == 0) reservation_id_.clear();
  return ledger_.Refusal(*refused, payer_, now);
}

absl::Status Hold::Settle(const UsageRow& row) {
  const absl::MutexLock lock(&mutex_);
  ended_ = true;
  const std::string id = std::exchange(reservation_id_, {});
  const auto may_pass = [](const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsAborted(status);
  };
  absl::Status stored = ledger_.store_.Settle(row, id, ledger_.of_deployment(), begun_);
  if (may_pass(stored)) {
    stored = ledger_.store_.Settle(row, id, ledger_.of_deployment(), begun_);
  }
  // Until then it stays reserved: it was spent, after all.
  if (may_pass(stored)) {
    const absl::MutexLock ledger_lock(&ledger_.mutex_);
    if (ledger_.unsettled_.size() < kMostUnsettled) ledger_.unsettled_.push_back({row, id, begun_});
  }
  ledger_.CountCost(row);
  return stored;
}

absl::Time Hold::Now() const {
  return ledger_.clock_.Now();
}

void Hold::Release() {
  const absl::MutexLock lock(&mutex_);
  ended_ = true;
  if (reservation_id_.empty()) return;
  const absl::Status released = ledger_.store_.Release(
      {payer_.user_id, std::exchange(reservation_id_, {})}, ledger_.clock_.Now());
  if (released.ok()) return;
  ledger_.logger_.Warning("a reservation was not given up: it is freed when this process ends",
                          {{"user_id", payer_.user_id}, {"reason", GetReason(released)}});
}

Ledger::Ledger(LedgerStore& store,
               const Clock& clock,
               const DefaultLimits& limits,
               IdSource& ids,
               Logger& logger,
               Metrics& metrics,
               absl::Duration lease)
    : store_(store),
      clock_(clock),
      limits_(limits),
      ids_(ids),
      logger_(logger),
      metrics_(metrics),
      lease_(lease),
      holder_(ids.NewId()) {}

absl::Status Ledger::Renew() {
  DRAMATIS_RETURN_IF_ERROR(store_.RenewHolder(holder_, clock_.Now() + lease_));
  while (true) {
    Unsettled next;
    {
      const absl::MutexLock lock(&mutex_);
      if (unsettled_.empty()) return absl::OkStatus();
      next = unsettled_.front();
    }
    DRAMATIS_RETURN_IF_ERROR(
        store_.Settle(next.row, next.reservation_id, of_deployment(), next.begun));
    const absl::MutexLock lock(&mutex_);
    unsettled_.pop_front();
  }
}

absl::Status Ledger::FreeAbandoned(bool only_process) {
  // No lease is valid then.
  const absl::Time now = only_process ? clock_.Now() + absl::Hours(24) * 365 : clock_.Now();
  while (true) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<ReservationName> abandoned,
                              store_.FindAbandoned(now, kMostFreedAtOnce));
    for (const ReservationName& name : abandoned) {
      DRAMATIS_RETURN_IF_ERROR(store_.Release(name, clock_.Now()));
      metrics_.Count("dramatis_reservations_total", {{"outcome", "freed"}});
    }
    if (abandoned.size() < kMostFreedAtOnce) return absl::OkStatus();
  }
}

absl::Status Ledger::Refusal(Refused refused, const Payer& payer, absl::Time now) {
  const bool tokens = refused == Refused::kUserTokens;
  metrics_.Count("dramatis_reservations_total",
                 {{"outcome", tokens ? "rate_limited" : "budget_exceeded"}});
  if (tokens) {
    return WithRetryAfter(
        Error(absl::StatusCode::kResourceExhausted, errors::v1::ERROR_REASON_RATE_LIMITED,
              "your tokens of this minute are used up"),
        PeriodOf(now).minute + absl::Minutes(1) - now);
  }
  const absl::Time anew = NextMonth(now);
  logger_.Info(
      "a call to a model was refused: the budget is spent",
      {{"user_id", payer.user_id}, {"key_id", payer.key_id}, {"whose", BudgetOf(refused)}});
  return WithRetryAfter(
      Error(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_BUDGET_EXCEEDED,
            absl::StrCat(BudgetOf(refused),
                         " budget does not allow another call this month; it begins anew at ",
                         At(anew)),
            {{"begins_anew", At(anew)}}),
      anew - now);
}

void Ledger::CountCost(const UsageRow& row) {
  metrics_.Count("dramatis_reservations_total", {{"outcome", "settled"}});
  metrics_.Count("dramatis_cost_micros_total",
                 {{"model", row.model}, {"estimated", row.estimated ? "true" : "false"}},
                 static_cast<double>(row.cost_micros));
}

}  // namespace dramatis::inference
