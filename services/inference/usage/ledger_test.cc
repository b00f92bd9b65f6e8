#include "services/inference/usage/ledger.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"
#include "services/inference/testing/requests.h"
#include "services/inference/usage/budgets.h"
#include "services/inference/usage/payer.h"
#include "services/inference/usage/usage_rows.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using ::testing::HasSubstr;

class LedgerTest : public testing::Test {
 protected:
  static absl::Status Cover(Hold& hold, int64_t micros) {
    return hold.Cover({.micros = micros, .tokens = 10});
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};  // 2027-01-15T08:00:00Z
  FakeStore store_;
  FakeLedger fake_{store_, clock_};
  Ledger& ledger_ = fake_.ledger;
};

TEST_F(LedgerTest, ReservesTheDearestAPromptCanBeAndTheLongestAnswer) {
  ModelRequest request =
      RequestOf({.name = "m",
                 .window_tokens = 9000,
                 .prices = {.input = 3, .output = 15, .cached = 0.3, .written = 3.75},
                 .thinking = Thinking::kNever},
                1000);
  request.parameters.set_max_output_tokens(200);
  EXPECT_EQ(MostOf(request).micros, 1100 * 3.75 + 200 * 15);
  EXPECT_EQ(MostOf(request).tokens, 1300);
}

TEST_F(LedgerTest, AsksTheStoreOnlyForMoreThanIsCovered) {
  const auto hold = ledger_.Open({.user_id = "ann"});
  ASSERT_TRUE(Cover(*hold, 50).ok());
  ASSERT_TRUE(Cover(*hold, 50).ok());  // another try
  ASSERT_TRUE(Cover(*hold, 20).ok());  // a cheaper model
  EXPECT_EQ(store_.asks().size(), 1U);
  ASSERT_TRUE(Cover(*hold, 80).ok());  // a dearer one
  ASSERT_EQ(store_.asks().size(), 2U);
  EXPECT_TRUE(store_.asks()[1].replaces);
  EXPECT_EQ(store_.asks()[1].reservation_id, store_.asks()[0].reservation_id);
  EXPECT_EQ(store_.reservations(), 1U);
  hold->Release();
  EXPECT_EQ(store_.reservations(), 0U);
}

TEST_F(LedgerTest, GivesUpWhatNobodyEnded) {
  {
    const auto hold = ledger_.Open({.user_id = "ann"});
    ASSERT_TRUE(Cover(*hold, 50).ok());
  }
  EXPECT_EQ(store_.reservations(), 0U);
}

TEST_F(LedgerTest, CoversNothingAfterTheEnd) {
  const auto hold = ledger_.Open({.user_id = "ann"});
  hold->Release();
  EXPECT_TRUE(absl::IsCancelled(Cover(*hold, 50)));
  EXPECT_EQ(store_.reservations(), 0U);
}

TEST_F(LedgerTest, SaysWhenTheBudgetBeginsAnew) {
  store_.Refuse(Refused::kUserBudget);
  const auto hold = ledger_.Open({.user_id = "ann"});
  const absl::Status refused = Cover(*hold, 50);
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_EQ(GetReason(refused), "BUDGET_EXCEEDED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("begins anew at 2027-02-01T00:00:00Z"));
  EXPECT_EQ(*GetRetryAfter(refused), absl::Hours(24 * 16 + 16));
}

TEST_F(LedgerTest, SaysWhenTheMinuteIsOver) {
  clock_.Advance(absl::Seconds(20));
  store_.Refuse(Refused::kUserTokens);
  const auto hold = ledger_.Open({.user_id = "ann"});
  const absl::Status refused = Cover(*hold, 50);
  EXPECT_EQ(GetReason(refused), "RATE_LIMITED");
  EXPECT_EQ(*GetRetryAfter(refused), absl::Seconds(40));
}

TEST_F(LedgerTest, SettlesLaterWhatCouldNotBeSettled) {
  const auto hold = ledger_.Open({.user_id = "ann"});
  ASSERT_TRUE(Cover(*hold, 50).ok());
  UsageRow row;
  row.user_id = "ann";
  row.turn_key = "t:1";
  store_.FailWith(UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(hold->Settle(row)));
  EXPECT_EQ(store_.reservations(), 1U);  // it was spent, after all
  EXPECT_FALSE(ledger_.Renew().ok());

  store_.FailWith(absl::OkStatus());
  ASSERT_TRUE(ledger_.Renew().ok());
  EXPECT_EQ(store_.rows().size(), 1U);
  EXPECT_EQ(store_.reservations(), 0U);
  ASSERT_TRUE(ledger_.Renew().ok());
  EXPECT_EQ(store_.rows().size(), 1U);
}

TEST_F(LedgerTest, ChargesTheKeyThatTheCallCameWith) {
  CallContext call;
  EXPECT_EQ(PayerOf(call, "ann").user_id, "ann");
  EXPECT_EQ(PayerOf(call, "ann").key_id, "");
  auto key = std::make_shared<CallerKey>();
  key->id = "k1";
  key->monthly_budget_micros = 500;
  call.identity.key = std::move(key);
  EXPECT_EQ(PayerOf(call, "ann").key_id, "k1");
  EXPECT_EQ(PayerOf(call, "ann").key_monthly_micros, 500);
}

TEST_F(LedgerTest, NamesPricesInRowsOfUsage) {
  EXPECT_EQ(PricesText({.input = 2.5, .output = 10, .cached = 1.25}), "2.5/10/1.25/0");
}

TEST_F(LedgerTest, ClampsACostForTheMessageOnly) {
  UsageRow row;
  row.cost_micros = 9'000'000'000;
  EXPECT_EQ(ToMessage(row).cost_micros(), 2147483647);
}

TEST_F(LedgerTest, ShowsTheLimitsThatApply) {
  fake_.SetDefaults({.user = {.monthly_micros = 500, .tokens_per_minute = std::nullopt}});
  const Budgets budgets(fake_.Current());
  v1::Budget budget = budgets.Find("ann").value();
  EXPECT_EQ(budget.monthly_budget_micros(), 500);
  EXPECT_FALSE(budget.has_tokens_per_minute());
  EXPECT_EQ(budget.begins_anew().seconds(), 1801440000);  // 2027-02-01

  v1::UpdateBudgetRequest request;
  request.set_user_id("ann");
  request.mutable_budget()->set_monthly_budget_micros(0);
  request.mutable_update_mask()->add_paths("monthly_budget_micros");
  EXPECT_EQ(budgets.Update(CallContext(), request)->monthly_budget_micros(), 0);
  // Named and left out: the default again.
  request.mutable_budget()->clear_monthly_budget_micros();
  EXPECT_EQ(budgets.Update(CallContext(), request)->monthly_budget_micros(), 500);
}

TEST_F(LedgerTest, RefusesHalfAMicroAndAStaleEtag) {
  const Budgets budgets(ledger_);
  v1::UpdateBudgetRequest request;
  request.set_user_id("ann");
  request.mutable_budget()->set_tokens_per_minute(1.5);
  EXPECT_EQ(GetReason(budgets.Update(CallContext(), request).status()), "VALIDATION_FAILED");
  request.mutable_budget()->set_tokens_per_minute(1);
  CallContext call;
  call.if_match = budgets.Find("ann")->etag();
  EXPECT_TRUE(budgets.Update(call, request).ok());
  EXPECT_EQ(GetReason(budgets.Update(call, request).status()), "ETAG_MISMATCH");
}

}  // namespace
}  // namespace dramatis::inference
