#include "services/inference/usage/store.h"

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "embedded/inference_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/sql/ledger.h"
#include "services/inference/sql/store.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::inference {
namespace {

using ::testing::ElementsAre;

class UsageStoreTest : public sql::DatabaseTest {
 protected:
  UsageStoreTest() : DatabaseTest(embedded::inference_migrations()) {}

  std::vector<UsageRow> Stored() {
    static constexpr sql::Statement kSelect = {
        "select user_id, turn_key, persona_id, model, input_tokens, output_tokens, cached_tokens, "
        "cost_micros, estimated, finish_reason, create_time from usage order by user_id, turn_key"};
    const absl::StatusOr<sql::Rows> rows =
        db().Read([](sql::Transaction& tx) { return tx.Execute(kSelect, {}); });
    std::vector<UsageRow> stored;
    for (const sql::Row& row : rows.value()) {
      stored.push_back({row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Int(4), row.Int(5),
                        row.Int(6), row.Int64(7), row.Bool(8), row.Text(9), row.Time(10)});
    }
    return stored;
  }

  static UsageRow SomeRow() {
    return {.user_id = "u",
            .turn_key = "t:1",
            .persona_id = "p",
            .model = "openai/gpt-4o-mini",
            .input_tokens = 100,
            .output_tokens = 2147483647,
            .cached_tokens = 3,
            .cost_micros = 4,
            .estimated = true,
            .finish_reason = "stop",
            .create_time = absl::FromUnixMicros(1'800'000'000'000'001)};
  }

  SqlStore store_{db()};
  SqlLedgerStore ledger_{db()};
};

TEST_P(UsageStoreTest, ReadsBackWhatItRecorded) {
  ASSERT_TRUE(ledger_.Settle(SomeRow(), "", false, SomeRow().create_time).ok());
  EXPECT_EQ(Stored(), std::vector{SomeRow()});
}

TEST_P(UsageStoreTest, CountsAnAttemptOnce) {
  UsageRow again = SomeRow();
  again.input_tokens = 999;
  ASSERT_TRUE(ledger_.Settle(SomeRow(), "", false, SomeRow().create_time).ok());
  EXPECT_TRUE(ledger_.Settle(again, "", false, again.create_time).ok());
  EXPECT_EQ(Stored(), std::vector{SomeRow()});
}

TEST_P(UsageStoreTest, KeepsUsersAndAttemptsApart) {
  UsageRow other_user = SomeRow();
  other_user.user_id = "v";
  UsageRow other_attempt = SomeRow();
  other_attempt.turn_key = "t:2";
  for (const UsageRow& row : {SomeRow(), other_user, other_attempt}) {
    ASSERT_TRUE(ledger_.Settle(row, "", false, row.create_time).ok());
  }
  EXPECT_EQ(Stored(), (std::vector{SomeRow(), other_attempt, other_user}));
}

class UsageSumStoreTest : public UsageStoreTest {
 protected:
  static absl::Time Day(int day, absl::Duration time = absl::ZeroDuration()) {
    return absl::FromCivil(absl::CivilDay(2026, 3, day), absl::UTCTimeZone()) + time;
  }
  void Record(const std::string& user,
              const std::string& persona,
              const std::string& model,
              absl::Time time,
              int tokens) {
    UsageRow row = SomeRow();
    row.user_id = user;
    row.turn_key = "t:" + std::to_string(++turns_);
    row.persona_id = persona;
    row.model = model;
    row.create_time = time;
    row.cost_micros = row.input_tokens = row.output_tokens = row.cached_tokens = tokens;
    row.estimated = tokens == 7;
    ASSERT_TRUE(ledger_.Settle(row, "", false, row.create_time).ok());
  }
  // Two days, two of everything.
  void RecordSome() {
    Record("alice", "ada", "local/retrieval", Day(1), 1);
    Record("alice", "bea", "openai/gpt-5", Day(1, absl::Hours(24) - absl::Microseconds(1)), 2);
    Record("bob", "ada", "openai/gpt-5", Day(2), 4);
    Record("bob", "", "openai/gpt-5", Day(2, absl::Hours(5)), 7);
  }
  static UsageQuery By(v1::UsageGrouping grouping) {
    UsageQuery query;
    query.from = Day(1);
    query.to = Day(9);
    query.grouping = grouping;
    return query;
  }
  // `key=tokens`, in order.
  std::vector<std::string> Sums(const UsageQuery& query) {
    const absl::StatusOr<std::vector<UsageSum>> sums = store_.SumUsage(query);
    EXPECT_TRUE(sums.ok()) << sums.status();
    std::vector<std::string> texts;
    for (const UsageSum& sum : sums.value_or(std::vector<UsageSum>())) {
      EXPECT_EQ(sum.input_tokens, sum.output_tokens);
      EXPECT_EQ(sum.input_tokens, sum.cached_tokens);
      EXPECT_EQ(sum.input_tokens, sum.cost_micros);
      texts.push_back(sum.key + "=" + std::to_string(sum.input_tokens));
    }
    return texts;
  }

  int turns_ = 0;
};

TEST_P(UsageSumStoreTest, SumsByEachGrouping) {
  RecordSome();
  EXPECT_THAT(Sums(By(v1::USAGE_GROUPING_USER)), ElementsAre("alice=3", "bob=11"));
  EXPECT_THAT(Sums(By(v1::USAGE_GROUPING_PERSONA)), ElementsAre("=7", "ada=5", "bea=2"));
  EXPECT_THAT(Sums(By(v1::USAGE_GROUPING_MODEL)),
              ElementsAre("local/retrieval=1", "openai/gpt-5=13"));
  EXPECT_THAT(Sums(By(v1::USAGE_GROUPING_DAY)), ElementsAre("2026-03-01=3", "2026-03-02=11"));
}

TEST_P(UsageSumStoreTest, CountsCallsAndSaysWhatIsEstimated) {
  RecordSome();
  const std::vector<UsageSum> sums = store_.SumUsage(By(v1::USAGE_GROUPING_USER)).value();
  EXPECT_EQ(sums.at(0).calls, 2);
  EXPECT_FALSE(sums.at(0).estimated);
  EXPECT_TRUE(sums.at(1).estimated);
}

TEST_P(UsageSumStoreTest, TakesAHalfOpenRange) {
  RecordSome();
  UsageQuery query = By(v1::USAGE_GROUPING_USER);
  query.from = Day(1, absl::Microseconds(1));
  query.to = Day(2);
  EXPECT_THAT(Sums(query), ElementsAre("alice=2"));
  query.from = query.to = Day(2);
  EXPECT_THAT(Sums(query), ElementsAre());
}

TEST_P(UsageSumStoreTest, GoesOnAfterAKey) {
  RecordSome();
  UsageQuery query = By(v1::USAGE_GROUPING_PERSONA);
  query.limit = 1;
  EXPECT_THAT(Sums(query), ElementsAre("=7"));
  query.after = "";
  EXPECT_THAT(Sums(query), ElementsAre("ada=5"));
  query.after = "ada";
  EXPECT_THAT(Sums(query), ElementsAre("bea=2"));
  query.after = "bea";
  EXPECT_THAT(Sums(query), ElementsAre());
  query.grouping = v1::USAGE_GROUPING_DAY;
  query.after = "2026-03-01";
  EXPECT_THAT(Sums(query), ElementsAre("2026-03-02=11"));
}

TEST_P(UsageSumStoreTest, SumsBeyondThirtyTwoBits) {
  for (int i = 0; i < 3; ++i)
    Record("alice", "ada", "m", Day(1), 2147483647);
  EXPECT_THAT(Sums(By(v1::USAGE_GROUPING_USER)), ElementsAre("alice=6442450941"));
}

TEST_P(UsageSumStoreTest, SumsOnesOwnByKey) {
  RecordSome();
  UsageRow row = SomeRow();
  row.user_id = "alice";
  row.turn_key = "k:1";
  row.key_id = "k1";
  row.create_time = Day(3);
  row.cost_micros = row.output_tokens = row.cached_tokens = row.input_tokens = 50;
  row.written_tokens = 6;
  ASSERT_TRUE(ledger_.Settle(row, "", false, row.create_time).ok());
  UsageQuery query = By(v1::USAGE_GROUPING_KEY);
  query.user_id = "alice";
  EXPECT_THAT(Sums(query), ElementsAre("=3", "k1=50"));
  EXPECT_EQ(store_.SumUsage(query)->at(1).written_tokens, 6);
  EXPECT_EQ(store_.FindUsage("alice", row.turn_key).value(), row);
}

DRAMATIS_ON_EVERY_ENGINE(UsageStoreTest);
DRAMATIS_ON_EVERY_ENGINE(UsageSumStoreTest);

}  // namespace
}  // namespace dramatis::inference
