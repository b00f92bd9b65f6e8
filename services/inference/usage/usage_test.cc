#include "services/inference/usage/usage.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using google::protobuf::util::TimeUtil;
using ::testing::ElementsAre;

class UsageTest : public testing::Test {
 protected:
  static google::protobuf::Timestamp At(absl::Time time) {
    return TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
  }
  static std::string BadField(const absl::Status& status) {
    const auto bad_request = GetBadRequest(status);
    return bad_request.has_value() ? bad_request->field_violations(0).field() : "";
  }
  std::vector<std::string> Keys(const v1::ListUsageRequest& request) {
    std::vector<std::string> keys;
    const v1::ListUsageResponse response = usage_.List(CallContext(), request).value();
    for (const auto& group : response.groups())
      keys.push_back(group.key());
    return keys;
  }

  FakeStore store_;
  FakeClock clock_;
  FakeLedger ledger_{store_, clock_};
  Budgets budgets_{ledger_.ledger};
  Usage usage_{store_, budgets_, clock_};
  v1::ListUsageRequest request_;
};

TEST_F(UsageTest, LooksAtTheLastThirtyDaysByDay) {
  const v1::ListUsageResponse response = *usage_.List(CallContext(), request_);

  EXPECT_EQ(store_.last_query().grouping, v1::USAGE_GROUPING_DAY);
  EXPECT_EQ(store_.last_query().to, clock_.Now());
  EXPECT_EQ(store_.last_query().from, clock_.Now() - absl::Hours(24 * 30));
  EXPECT_EQ(TimeUtil::ToString(response.to()), TimeUtil::ToString(At(clock_.Now())));
  EXPECT_EQ(response.group_by(), v1::USAGE_GROUPING_DAY);
}

TEST_F(UsageTest, TakesEachEndOfTheRangeAlone) {
  *request_.mutable_from() = At(clock_.Now() - absl::Hours(1));
  ASSERT_TRUE(usage_.List(CallContext(), request_).ok());
  EXPECT_EQ(store_.last_query().to, clock_.Now());

  request_.clear_from();
  *request_.mutable_to() = At(clock_.Now() - absl::Hours(1));
  ASSERT_TRUE(usage_.List(CallContext(), request_).ok());
  EXPECT_EQ(store_.last_query().from, clock_.Now() - absl::Hours(24 * 30 + 1));
}

TEST_F(UsageTest, RefusesARangeThatIsNone) {
  *request_.mutable_from() = *request_.mutable_to() = At(clock_.Now());
  EXPECT_EQ(BadField(usage_.List(CallContext(), request_).status()), "from");
  request_.mutable_to()->set_nanos(-1);
  EXPECT_EQ(BadField(usage_.List(CallContext(), request_).status()), "to");
}

TEST_F(UsageTest, PassesOnWhatWasSummed) {
  store_.SetSums({{.key = "alice",
                   .calls = 2,
                   .input_tokens = 6'000'000'000,
                   .output_tokens = 3,
                   .cached_tokens = 4,
                   .cost_micros = 5,
                   .estimated = true}});
  request_.set_group_by(v1::USAGE_GROUPING_USER);

  const v1::ListUsageResponse response = *usage_.List(CallContext(), request_);

  ASSERT_EQ(response.groups_size(), 1);
  EXPECT_EQ(response.groups(0).key(), "alice");
  EXPECT_EQ(response.groups(0).calls(), 2);
  EXPECT_EQ(response.groups(0).input_tokens(), 6e9);
  EXPECT_EQ(response.groups(0).output_tokens(), 3);
  EXPECT_EQ(response.groups(0).cached_tokens(), 4);
  EXPECT_EQ(response.groups(0).cost_micros(), 5);
  EXPECT_TRUE(response.groups(0).estimated());
  EXPECT_EQ(response.next_page_token(), "");
}

TEST_F(UsageTest, PagesWithinTheFirstPagesRange) {
  store_.SetSums({{.key = "a"}, {.key = "b"}, {.key = "c"}});
  request_.set_group_by(v1::USAGE_GROUPING_USER);
  request_.set_page_size(2);
  const absl::Time begin = clock_.Now();
  const v1::ListUsageResponse first = *usage_.List(CallContext(), request_);
  clock_.Advance(absl::Hours(1));
  request_.set_page_token(first.next_page_token());

  EXPECT_THAT(Keys(request_), ElementsAre("c"));
  EXPECT_EQ(store_.last_query().to, begin);
  EXPECT_EQ(usage_.List(CallContext(), request_)->next_page_token(), "");
}

TEST_F(UsageTest, RefusesATokenOfAnotherQuestion) {
  store_.SetSums({{.key = "a"}, {.key = "b"}});
  request_.set_page_size(1);
  request_.set_page_token(usage_.List(CallContext(), request_)->next_page_token());
  ASSERT_TRUE(usage_.List(CallContext(), request_).ok());

  request_.set_group_by(v1::USAGE_GROUPING_USER);
  EXPECT_EQ(GetReason(usage_.List(CallContext(), request_).status()), "INVALID_CURSOR");
  request_.set_group_by(v1::USAGE_GROUPING_DAY);  // the default, said
  EXPECT_TRUE(usage_.List(CallContext(), request_).ok());
  *request_.mutable_to() = At(clock_.Now());
  EXPECT_EQ(GetReason(usage_.List(CallContext(), request_).status()), "INVALID_CURSOR");
}

TEST_F(UsageTest, PassesOnThatTheDatabaseIsAway) {
  store_.FailWith(UnavailableError("away"));
  EXPECT_TRUE(absl::IsUnavailable(usage_.List(CallContext(), request_).status()));
}

TEST_F(UsageTest, ShowsOnesOwnOnlyWithTheBudget) {
  store_.SetAccount({.spent_micros = 7, .reserved_micros = 5, .limits = {}});
  CallContext call;
  call.identity.user_id = "ann";
  v1::ListOwnUsageRequest request;
  request.set_group_by(v1::USAGE_GROUPING_KEY);
  const auto own = usage_.ListOwn(call, request);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(store_.last_query().user_id, "ann");
  EXPECT_EQ(own->budget().spent_micros(), 7);
  EXPECT_EQ(own->budget().reserved_micros(), 5);
  EXPECT_FALSE(own->budget().has_monthly_budget_micros());

  request.set_group_by(v1::USAGE_GROUPING_USER);
  EXPECT_EQ(BadField(usage_.ListOwn(call, request).status()), "group_by");
}

TEST(UsageOfATurnTest, IsThatOfTheLedger) {
  FakeStore store;
  FakeClock clock;
  FakeLedger ledger(store, clock);
  const Budgets budgets(ledger.ledger);
  const Usage usage(store, budgets, clock);
  v1::GetUsageRequest request;
  request.set_user_id("ann");
  request.set_turn_key("t:1");
  EXPECT_TRUE(absl::IsNotFound(usage.Get(request, absl::ZeroDuration()).status()));

  UsageRow row;
  row.user_id = "ann";
  row.turn_key = "t:1";
  row.output_tokens = 7;
  row.estimated = true;
  store.Add(row);

  const auto found = usage.Get(request, absl::ZeroDuration());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->usage().output_tokens(), 7);
  EXPECT_TRUE(found->usage().estimated());
}

}  // namespace
}  // namespace dramatis::inference
