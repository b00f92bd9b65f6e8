#include "services/memory/sql/user_data.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "embedded/memory_migrations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/ids/ids.h"
#include "shared/sql/catalogue/user_rows.h"
#include "shared/sql/testing/test_database.h"
#include "shared/sql/testing/user_lines.h"

namespace dramatis::memory {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class MemoryUserDataTest : public sql::DatabaseTest {
 protected:
  MemoryUserDataTest() : DatabaseTest(embedded::memory_migrations()) {}

  // One of everything, as an archive of somebody else's making might have it.
  std::vector<std::string> Life() {
    const std::vector<std::string> lines = {
        R"({"profile":{"displayName":"Ada","bio":"Counts.","timezone":"Europe/Berlin"},"version":3})",
        R"({"goal":{"goalId":"$goal","title":"Run","category":"sport",
            "goalPattern":"GOAL_PATTERN_MILESTONE","status":"GOAL_STATUS_ACTIVE",
            "target":{"metric":"GOAL_METRIC_COUNT","value":3,"targetDate":"2099-01-01"},
            "createTime":"2026-01-01T00:00:00Z"},"version":2})",
        R"({"activity":{"activityId":"$activity","goalId":"$goal","value":1,"note":"n",
            "activityDate":"2026-01-02","activityType":"ACTIVITY_TYPE_PROGRESS",
            "createTime":"2026-01-02T00:00:00Z"}})",
        R"({"journalEntry":{"entryId":"$entry","title":"Day","content":"Words, größer 😀",
            "tags":["b","a"],"createTime":"2026-01-03T00:00:00Z",
            "updateTime":"2026-01-04T00:00:00Z"},"version":5})",
        R"({"memory":{"memoryId":"$memory","content":"Drinks tea","confidence":0.5,
            "createTime":"2026-01-05T00:00:00Z","updateTime":"2026-01-05T00:00:00Z"}})",
        R"({"summary":{"conversationId":"$conversation","fromSequence":1,"toSequence":9,
            "text":"They talked.","model":"openai/m","createTime":"2026-01-06T00:00:00Z"}})",
    };
    std::vector<std::string> life;
    for (const std::string& line : lines) {
      life.push_back(absl::StrReplaceAll(line, {{"$goal", goal_},
                                                {"$activity", activity_},
                                                {"$entry", entry_},
                                                {"$memory", memory_},
                                                {"$conversation", conversation_},
                                                {"\n", ""}}));
    }
    return life;
  }
  UserImport Import(const std::vector<std::string>& lines, const std::string& user = "ada") {
    return sql::ImportedLines(db(), &ImportUser, {.user_id = user, .now = clock_.Now()}, lines);
  }
  std::vector<std::string> Export(const std::string& user = "ada") {
    return sql::ExportedLines(db(), &ExportUser, user);
  }
  static std::vector<std::string> Reasons(const UserImport& import) {
    std::vector<std::string> reasons;
    for (const UserImport::LeftOut& left : import.left_out)
      reasons.push_back(left.item + ": " + left.reason);
    return reasons;
  }

  FakeClock clock_;
  UuidV7Source ids_{clock_};
  const std::string goal_ = ids_.NewId(), activity_ = ids_.NewId(), entry_ = ids_.NewId(),
                    memory_ = ids_.NewId(), conversation_ = ids_.NewId();
};

TEST_P(MemoryUserDataTest, WhatIsExportedComesBackTheSame) {
  const UserImport first = Import(Life());
  EXPECT_THAT(Reasons(first), IsEmpty());
  EXPECT_THAT(first.counts, UnorderedElementsAre(Pair("profiles", 1), Pair("goals", 1),
                                                 Pair("activities", 1), Pair("journalEntries", 1),
                                                 Pair("memories", 1), Pair("summaries", 1)));
  const std::vector<std::string> lines = Export();
  ASSERT_THAT(lines, SizeIs(6));
  const absl::Status forgotten = db().Write(
      [&](sql::Transaction& tx) { return sql::DeleteUserRows(tx, "ada", clock_.Now()); });
  ASSERT_TRUE(forgotten.ok()) << forgotten;
  ASSERT_THAT(Export(), IsEmpty());
  clock_.Advance(absl::Hours(1));

  EXPECT_THAT(Reasons(Import(lines)), IsEmpty());
  EXPECT_EQ(Export(), lines);
}

TEST_P(MemoryUserDataTest, TwiceChangesNothing) {
  Import(Life());
  const std::vector<std::string> lines = Export();
  EXPECT_THAT(Import(lines).counts, ElementsAre(Pair("unchanged", 6)));
  EXPECT_EQ(Export(), lines);
}

TEST_P(MemoryUserDataTest, WhatSomebodyElseTakesIsTheirsAndLeavesTheFirstOnesAlone) {
  Import(Life());
  const std::vector<std::string> lines = Export();
  Import(lines, "bob");
  EXPECT_EQ(Export(), lines);
  EXPECT_THAT(Export("bob"), SizeIs(6));
}

TEST_P(MemoryUserDataTest, SaysWhatItCannotTake) {
  std::vector<std::string> lines = Life();
  lines.erase(lines.begin() + 1);  // the goal
  lines.emplace_back("{");
  lines.emplace_back(R"({"memory":{"memoryId":"m","content":"x"}})");
  lines.emplace_back(R"({"summary":{"conversationId":"c","fromSequence":2,"toSequence":1}})");
  const std::vector<std::string> reasons = Reasons(Import(lines));
  ASSERT_THAT(reasons, SizeIs(4));
  EXPECT_THAT(reasons, Contains("activity of 2026-01-02: its goal was left out"));
  EXPECT_THAT(reasons, Contains("a memory: its id is none"));
  EXPECT_THAT(Export(), SizeIs(4));
}

TEST_P(MemoryUserDataTest, APlaceThatIsNoneIsRefused) {
  for (const char* after : {"x", "0\nada", "99\n\n"}) {
    const auto page = db().Read([&](sql::Transaction& tx) { return ExportUser(tx, "ada", after); });
    EXPECT_TRUE(absl::IsInvalidArgument(page.status())) << after;
  }
}

DRAMATIS_ON_EVERY_ENGINE(MemoryUserDataTest);

}  // namespace
}  // namespace dramatis::memory
