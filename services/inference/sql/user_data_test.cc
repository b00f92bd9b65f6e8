#include "services/inference/sql/user_data.h"

#include <string>
#include <vector>

#include "dramatis/inference/v1/archive_records.pb.h"

#include "absl/strings/str_cat.h"
#include "embedded/inference_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/sql/ledger.h"
#include "services/inference/usage/store.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::inference {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class UsageUserDataTest : public sql::DatabaseTest {
 protected:
  UsageUserDataTest() : DatabaseTest(embedded::inference_migrations()) {}

  void Use(const std::string& user, const std::string& turn_key) {
    const UsageRow row = {.user_id = user,
                          .turn_key = turn_key,
                          .persona_id = "p",
                          .model = "openai/m",
                          .input_tokens = 100,
                          .output_tokens = 7,
                          .cached_tokens = 3,
                          .cost_micros = 5'000'000'000,
                          .estimated = true,
                          .finish_reason = "stop",
                          .create_time = absl::FromUnixMicros(1'800'000'000'000'001)};
    ASSERT_TRUE(ledger_.Settle(row, "", false, row.create_time).ok());
  }
  UserPage Page(const std::string& user, const std::string& after = "") {
    const auto page = db().Read([&](sql::Transaction& tx) { return ExportUser(tx, user, after); });
    EXPECT_TRUE(page.ok()) << page.status();
    return *page;
  }

  SqlLedgerStore ledger_{db()};
};

TEST_P(UsageUserDataTest, SaysWhatWasUsedAndWhatItCost) {
  Use("ada", "t:1");
  Use("bob", "t:1");
  const UserPage page = Page("ada");
  ASSERT_THAT(page.lines, SizeIs(1));
  EXPECT_EQ(page.next, "");
  const auto record = ReadRecord<v1::UserRecord>(page.lines[0]);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->usage().turn_key(), "t:1");
  EXPECT_EQ(record->usage().input_tokens(), 100);
  EXPECT_EQ(record->usage().cost_micros(), 5'000'000'000);
  EXPECT_TRUE(record->usage().estimated());
}

TEST_P(UsageUserDataTest, ComesInPagesWithoutGapOrDouble) {
  for (int i = 0; i < 501; ++i)
    Use("ada", absl::StrCat("t:", 1000 + i));
  const UserPage first = Page("ada");
  EXPECT_THAT(first.lines, SizeIs(500));
  EXPECT_EQ(first.next, "t:1499");
  const UserPage rest = Page("ada", first.next);
  EXPECT_THAT(rest.lines, SizeIs(1));
  EXPECT_EQ(rest.next, "");
}

TEST_P(UsageUserDataTest, AnotherDeploymentsAccountsAreNotThisOnes) {
  Use("ada", "t:1");
  const std::vector<std::string> lines = Page("ada").lines;
  const auto import = db().Write([&](sql::Transaction& tx) {
    return ImportUser(tx, {.user_id = "eve", .now = absl::Now()}, lines);
  });
  ASSERT_TRUE(import.ok());
  EXPECT_THAT(import->left_out, IsEmpty());
  EXPECT_THAT(Page("eve").lines, IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(UsageUserDataTest);

}  // namespace
}  // namespace dramatis::inference
