#include "services/inference/store.h"

#include "embedded/inference_migrations.h"
#include "gtest/gtest.h"
#include "services/inference/sql_store.h"
#include "shared/sql/testing.h"

namespace dramatis::inference {
namespace {

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
                        row.Int(6), row.Int(7), row.Bool(8), row.Text(9), row.Time(10)});
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
};

TEST_P(UsageStoreTest, ReadsBackWhatItRecorded) {
  ASSERT_TRUE(store_.RecordUsage(SomeRow()).ok());
  EXPECT_EQ(Stored(), std::vector{SomeRow()});
}

TEST_P(UsageStoreTest, CountsAnAttemptOnce) {
  UsageRow again = SomeRow();
  again.input_tokens = 999;
  ASSERT_TRUE(store_.RecordUsage(SomeRow()).ok());
  EXPECT_TRUE(store_.RecordUsage(again).ok());
  EXPECT_EQ(Stored(), std::vector{SomeRow()});
}

TEST_P(UsageStoreTest, KeepsUsersAndAttemptsApart) {
  UsageRow other_user = SomeRow();
  other_user.user_id = "v";
  UsageRow other_attempt = SomeRow();
  other_attempt.turn_key = "t:2";
  for (const UsageRow& row : {SomeRow(), other_user, other_attempt}) {
    ASSERT_TRUE(store_.RecordUsage(row).ok());
  }
  EXPECT_EQ(Stored(), (std::vector{SomeRow(), other_attempt, other_user}));
}

DRAMATIS_ON_EVERY_ENGINE(UsageStoreTest);

}  // namespace
}  // namespace dramatis::inference
