// Every promise of model/goal_store.h, on SQLite and on PostgreSQL.
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/goals_store_fixture.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_P(GoalStoreTest, KeepsEveryFieldOfAGoal) {
  GoalRow row = NewGoal("Zi\u00e9l \U0001F408 'quoted\"");
  row.definition.set_description("line\nbreak");
  row.definition.mutable_schedule()->add_days_of_week(6);
  row.definition.mutable_target()->set_value(0.1);
  (*row.definition.mutable_metadata()->mutable_fields())["k"].set_number_value(1e300);
  row.create_time = absl::FromUnixMicros(1'700'000'000'123'456);

  const v1::Goal answer = Create(row).value();

  const GoalRow found = store_.FindGoal("ada", row.goal_id).value();
  EXPECT_EQ(found.definition.SerializeAsString(), row.definition.SerializeAsString());
  EXPECT_EQ(found.title_key, row.title_key);
  EXPECT_EQ(found.version, 1);
  EXPECT_EQ(found.create_time, row.create_time);
  EXPECT_EQ(found.complete_time, std::nullopt);
  EXPECT_EQ(answer.SerializeAsString(), Present(row).SerializeAsString());
}

TEST_P(GoalStoreTest, FindsAUsersOwnGoalsOnly) {
  const std::string id = Add("Run");

  EXPECT_TRUE(absl::IsNotFound(store_.FindGoal("bob", id).status()));
  EXPECT_TRUE(absl::IsNotFound(store_.FindHistory("bob", id).status()));
  EXPECT_TRUE(absl::IsNotFound(store_.FindHistory("ada", "").status()));
  EXPECT_THAT(Listed(Of("bob")), IsEmpty());
}

TEST_P(GoalStoreTest, ListsNewestFirstByFilters) {
  const std::string first = Add("First");
  GoalRow other = NewGoal("Second");
  other.definition.set_category("health");
  other.definition.set_goal_pattern(v1::GOAL_PATTERN_LIMIT);
  other.definition.set_status(v1::GOAL_STATUS_PAUSED);
  ASSERT_TRUE(Create(other).ok());
  const std::string archived = Add("Third");
  ASSERT_TRUE(SetStatus(archived, v1::GOAL_STATUS_ARCHIVED).ok());

  EXPECT_THAT(Listed(Of("ada")), ElementsAre(other.goal_id, first));
  GoalQuery query = Of("ada");
  query.status = v1::GOAL_STATUS_ARCHIVED;
  EXPECT_THAT(Listed(query), ElementsAre(archived));
  query.status = v1::GOAL_STATUS_PAUSED;
  EXPECT_THAT(Listed(query), ElementsAre(other.goal_id));
  query = Of("ada");
  query.pattern = v1::GOAL_PATTERN_RECURRING;
  EXPECT_THAT(Listed(query), ElementsAre(first));
  query = Of("ada");
  query.category = "health";
  EXPECT_THAT(Listed(query), ElementsAre(other.goal_id));
  query.category = "Health";
  EXPECT_THAT(Listed(query), IsEmpty());
}

TEST_P(GoalStoreTest, PagesThroughGoalsOfOneMoment) {
  const absl::Time time = clock_.Now();
  for (int i = 0; i < 5; ++i) {
    GoalRow row = NewGoal(absl::StrCat("Goal ", i));
    row.create_time = time;
    ASSERT_TRUE(Create(row).ok());
  }
  GoalQuery query = Of("ada");
  query.limit = 2;
  std::vector<std::string> ids;
  for (bool more = true; more;) {
    const GoalPage page = store_.ListGoals(query).value();
    for (const GoalRow& goal : page.goals)
      ids.push_back(goal.goal_id);
    query.after = GoalQuery::Position{page.goals.back().create_time, page.goals.back().goal_id};
    more = page.more;
  }

  EXPECT_THAT(ids, ElementsAre("g1005", "g1004", "g1003", "g1002", "g1001"));
}

TEST_P(GoalStoreTest, WritesTheNextVersionOfAGoal) {
  const std::string id = Add("Run");
  const absl::Time now = clock_.Now() + absl::Hours(1);

  const v1::Goal answer = store_
                              .ChangeGoal(
                                  call_, "", request_, id,
                                  [&](const GoalRow& goal) {
                                    GoalRow next = goal;
                                    next.definition.set_title("Swim");
                                    next.definition.set_status(v1::GOAL_STATUS_COMPLETED);
                                    next.title_key = "swim";
                                    next.complete_time = now;
                                    next.update_time = now;
                                    return std::optional<GoalRow>(next);
                                  },
                                  kQuota)
                              .value();

  const GoalRow found = store_.FindGoal("ada", id).value();
  EXPECT_EQ(answer.etag(), "2");
  EXPECT_EQ(found.version, 2);
  EXPECT_EQ(found.definition.title(), "Swim");
  EXPECT_EQ(found.title_key, "swim");
  EXPECT_EQ(found.complete_time, now);
  EXPECT_EQ(found.update_time, now);
}

TEST_P(GoalStoreTest, LeavesAGoalThatNothingBecomesOf) {
  const std::string id = Add("Run");

  const auto answer = store_.ChangeGoal(
      call_, "", request_, id, [](const GoalRow&) { return std::optional<GoalRow>(); }, kQuota);

  EXPECT_EQ(answer->etag(), "1");
  EXPECT_EQ(store_.FindGoal("ada", id)->version, 1);
}

TEST_P(GoalStoreTest, LosesNoChangeAmongManyWriters) {
  const std::string id = Add("Run");
  const double before = store_.FindGoal("ada", id)->definition.target().value();
  std::atomic<int> made = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 6; ++writer) {
    writers.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const auto answer = store_.ChangeGoal(
            call_, "", request_, id,
            [](const GoalRow& goal) {
              GoalRow next = goal;
              next.definition.mutable_target()->set_value(goal.definition.target().value() + 1);
              return std::optional<GoalRow>(next);
            },
            kQuota);
        if (answer.ok()) ++made;
        EXPECT_EQ(GetReason(answer.status()), answer.ok() ? "" : "CONFLICT");
      }
    });
  }
  for (std::thread& writer : writers)
    writer.join();

  const GoalRow found = store_.FindGoal("ada", id).value();
  EXPECT_GT(made, 0);
  EXPECT_EQ(found.version, 1 + made);
  EXPECT_EQ(found.definition.target().value(), before + made);
}

TEST_P(GoalStoreTest, CountsActiveGoalsOnlyForTheQuota) {
  std::vector<std::string> ids;
  for (int i = 0; i < kQuota; ++i)
    ids.push_back(Add(absl::StrCat("Goal ", i)));
  const GoalRow extra = NewGoal("Extra");

  const absl::Status refused = Create(extra).status();
  EXPECT_EQ(GetReason(refused), "GOAL_QUOTA_EXCEEDED");
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(SetStatus(ids[0], v1::GOAL_STATUS_PAUSED).ok());
  EXPECT_TRUE(Create(extra).ok());
  EXPECT_EQ(GetReason(SetStatus(ids[0], v1::GOAL_STATUS_ACTIVE).status()), "GOAL_QUOTA_EXCEEDED");
  EXPECT_EQ(store_.FindGoal("ada", ids[0])->definition.status(), v1::GOAL_STATUS_PAUSED);
  EXPECT_TRUE(SetStatus(ids[1], v1::GOAL_STATUS_ACTIVE).ok()) << "it was active already";
}

TEST_P(GoalStoreTest, KeepsTheQuotaUnderManyWriters) {
  constexpr int kSmall = 5;
  std::vector<GoalRow> rows;
  for (const char* user : {"ada", "bob"}) {
    for (int i = 0; i < 12; ++i)
      rows.push_back(NewGoal(absl::StrCat("Goal ", i), user));
  }
  std::atomic<int> made = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> writers;
  for (const GoalRow& row : rows) {
    writers.emplace_back([&, row] {
      CallContext call;
      call.identity.user_id = row.user_id;
      const auto answer = store_.CreateGoal(call, request_, row, kSmall);
      if (answer.ok()) ++made;
      if (GetReason(answer.status()) == "GOAL_QUOTA_EXCEEDED") ++refused;
    });
  }
  for (std::thread& writer : writers)
    writer.join();

  EXPECT_EQ(made, 2 * kSmall);
  EXPECT_EQ(refused, 24 - 2 * kSmall);
  EXPECT_THAT(Listed(Of("ada")), SizeIs(kSmall));
  EXPECT_THAT(Listed(Of("bob")), SizeIs(kSmall));
}

TEST_P(GoalStoreTest, GivesATitleToOneOfManyWriters) {
  std::vector<GoalRow> rows;
  for (int i = 0; i < 8; ++i)
    rows.push_back(NewGoal("Run"));
  std::atomic<int> made = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> writers;
  for (const GoalRow& row : rows) {
    writers.emplace_back([&, row] {
      const auto answer = store_.CreateGoal({}, request_, row, kQuota);
      if (answer.ok()) ++made;
      if (GetReason(answer.status()) == "GOAL_TITLE_TAKEN") ++refused;
    });
  }
  for (std::thread& writer : writers)
    writer.join();

  EXPECT_EQ(made, 1);
  EXPECT_EQ(refused, 7);
  // Those that were refused do not count.
  for (int i = 1; i < kQuota; ++i)
    Add(absl::StrCat("Goal ", i));
}

TEST_P(GoalStoreTest, KeepsTitlesOfActiveGoalsApartOnly) {
  const std::string first = Add("Run");
  EXPECT_EQ(GetReason(Create(NewGoal("RUN")).status()), "GOAL_TITLE_TAKEN");
  ASSERT_TRUE(SetStatus(first, v1::GOAL_STATUS_ARCHIVED).ok());
  Add("run");

  const absl::Status refused = SetStatus(first, v1::GOAL_STATUS_ACTIVE).status();

  EXPECT_EQ(GetReason(refused), "GOAL_TITLE_TAKEN");
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  call_.identity.user_id = "bob";
  EXPECT_TRUE(Create(NewGoal("Run", "bob")).ok());
}

TEST_P(GoalStoreTest, AnswersARepeatedRequestAsTheFirstTime) {
  call_.idempotency_key = "k";
  const GoalRow row = NewGoal("Run");
  const v1::Goal first = Create(row).value();
  EXPECT_THAT(headers_, IsEmpty());

  EXPECT_EQ(Create(NewGoal("Swim"))->SerializeAsString(), first.SerializeAsString());
  EXPECT_THAT(headers_, ElementsAre("idempotency-replayed: true"));
  EXPECT_THAT(Listed(Of("ada")), SizeIs(1));
  request_.mutable_goal()->set_title("another request");
  EXPECT_EQ(GetReason(Create(NewGoal("Swim")).status()), "IDEMPOTENCY_KEY_REUSED");
}

TEST_P(GoalStoreTest, RepeatsAChangeThatNoLongerIsAllowed) {
  const std::string id = Add("Run");
  call_.idempotency_key = "k";
  const v1::Goal first = SetStatus(id, v1::GOAL_STATUS_COMPLETED).value();

  const auto again = store_.ChangeGoal(
      call_, "CompleteGoal", request_, id,
      [](const GoalRow&) -> absl::StatusOr<std::optional<GoalRow>> {
        return InternalError("not asked");
      },
      kQuota);

  EXPECT_EQ(again->SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(store_.FindGoal("ada", id)->version, 2);
}

TEST_P(GoalStoreTest, KeepsEveryFieldOfAnActivity) {
  ActivityRow row = NewActivity(Add("Run"), absl::CivilDay(1970, 1, 1), -0.1);
  row.type = v1::ACTIVITY_TYPE_PARTIAL;
  row.definition.set_note("\U0001F408\n'");
  row.definition.set_unit("km");
  (*row.definition.mutable_context()->mutable_fields())["k"].set_bool_value(true);

  const v1::Activity answer = AddRow(row).value();

  const ActivityRow found = store_.FindActivity("ada", row.goal_id, row.activity_id).value();
  EXPECT_EQ(Present(found).SerializeAsString(), Present(row).SerializeAsString());
  EXPECT_EQ(answer.SerializeAsString(), Present(row).SerializeAsString());
  EXPECT_TRUE(absl::IsNotFound(store_.FindActivity("bob", row.goal_id, row.activity_id).status()));
  EXPECT_TRUE(absl::IsNotFound(store_.FindActivity("ada", "g1", row.activity_id).status()));
}

TEST_P(GoalStoreTest, AsksAboutTheGoalBeforeItRecords) {
  const std::string id = Add("Run");
  const auto refused = store_.AddActivity(call_, request_, id,
                                          [](const GoalRow& goal) -> absl::StatusOr<ActivityRow> {
                                            return NotFoundError(goal.goal_id);
                                          });

  EXPECT_TRUE(absl::IsNotFound(refused.status()));
  EXPECT_THAT(Listed(OfGoal(id)), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(AddRow(NewActivity("unknown", kDay, 1)).status()));
}

TEST_P(GoalStoreTest, RecordsOnceForAKey) {
  const std::string id = Add("Run");
  call_.idempotency_key = "k";
  const std::string first = Record(id, kDay, 1);

  EXPECT_EQ(AddRow(NewActivity(id, kDay, 1))->activity_id(), first);
  EXPECT_THAT(Listed(OfGoal(id)), ElementsAre(first));
}

TEST_P(GoalStoreTest, ListsActivitiesByHalfOpenSpansAndType) {
  const std::string id = Add("Run");
  const std::string a = Record(id, kDay - 1, 1);
  const std::string c = Record(id, kDay + 1, 1);
  const std::string b = Record(id, kDay, 0, v1::ACTIVITY_TYPE_SKIPPED);
  const std::string b2 = Record(id, kDay, 2);
  Record(Add("Swim"), kDay, 5);

  EXPECT_THAT(Listed(OfGoal(id)), ElementsAre(c, b2, b, a));
  ActivityQuery query = OfGoal(id);
  query.start = kDay;
  EXPECT_THAT(Listed(query), ElementsAre(c, b2, b));
  query.end = kDay + 1;
  EXPECT_THAT(Listed(query), ElementsAre(b2, b));
  query.start.reset();
  EXPECT_THAT(Listed(query), ElementsAre(b2, b, a));
  query.type = v1::ACTIVITY_TYPE_SKIPPED;
  EXPECT_THAT(Listed(query), ElementsAre(b));
  query = OfGoal(id);
  query.after = ActivityQuery::Position{kDay, b2};
  query.limit = 1;
  EXPECT_THAT(Listed(query), ElementsAre(b));
  EXPECT_TRUE(store_.ListActivities(query)->more);
  query.user_id = "bob";
  EXPECT_TRUE(absl::IsNotFound(store_.ListActivities(query).status()));
}

TEST_P(GoalStoreTest, AddsUpAHistoryDayByDay) {
  const std::string id = Add("Run");
  Record(id, kDay, 4);
  Record(id, kDay - 2, 0, v1::ACTIVITY_TYPE_SKIPPED);
  Record(id, kDay, 1.5, v1::ACTIVITY_TYPE_PARTIAL);
  Record(id, kDay, 0, v1::ACTIVITY_TYPE_SKIPPED);
  Record(id, kDay - 1, 7);
  Record(Add("Swim"), kDay, 100);

  const GoalHistory history = store_.FindHistory("ada", id).value();

  EXPECT_EQ(history.goal.goal_id, id);
  EXPECT_THAT(history.days, ElementsAre(ActivityDay{kDay - 2, 0, 0, 0, 0, 1},
                                        ActivityDay{kDay - 1, 1, 7, 7, 7, 0},
                                        ActivityDay{kDay, 2, 5.5, 1.5, 4, 1}));
  EXPECT_THAT(history.latest, ElementsAre(7, 4, 1.5));
}

TEST_P(GoalStoreTest, AddsUpWhatItListsAfterManyRandomActivities) {
  const std::string id = Add("Run");
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    const bool is_skipped = random() % 4 == 0;
    Record(id, kDay + static_cast<int>(random() % 20),
           is_skipped ? 0 : static_cast<double>(random() % 100),
           is_skipped ? v1::ACTIVITY_TYPE_SKIPPED : v1::ACTIVITY_TYPE_PROGRESS);
  }
  std::map<absl::CivilDay, std::vector<double>> values;
  std::map<absl::CivilDay, int> skipped;
  ActivityQuery all = OfGoal(id);
  all.limit = 1000;
  const ActivityPage page = store_.ListActivities(all).value();
  for (const ActivityRow& row : page.activities) {
    if (row.type == v1::ACTIVITY_TYPE_SKIPPED) {
      ++skipped[row.day];
    } else {
      values[row.day].push_back(row.value);
    }
  }

  const GoalHistory history = store_.FindHistory("ada", id).value();

  EXPECT_THAT(page.activities, SizeIs(300));
  for (const ActivityDay& day : history.days) {
    ActivityDay expected = DayOf(day.day, values[day.day]);
    expected.skipped = skipped[day.day];
    EXPECT_EQ(day, expected) << day.day;
    values.erase(day.day);
    skipped.erase(day.day);
  }
  EXPECT_THAT(values, IsEmpty());
  EXPECT_THAT(skipped, IsEmpty());
}

TEST_P(GoalStoreTest, KnowsAllOfALongHistoryAndItsLastValues) {
  const std::string id = Add("Run");
  for (int i = 0; i < 130; ++i)
    Record(id, kDay + i / 2, i);

  const GoalHistory history = store_.FindHistory("ada", id).value();

  EXPECT_THAT(history.days, SizeIs(65));
  EXPECT_EQ(history.days.back(), (ActivityDay{kDay + 64, 2, 257, 128, 129, 0}));
  EXPECT_THAT(history.latest, ElementsAre(125, 126, 127, 128, 129));
}

TEST_P(GoalStoreTest, GivesTheHistoriesThatAreShared) {
  const std::string first = Add("First");
  const std::string second = Add("Second");
  GoalRow secret = NewGoal("Secret");
  secret.definition.set_share_with_personas(false);
  ASSERT_TRUE(Create(secret).ok());
  const std::string done = Add("Done");
  Record(done, kDay, 9);
  ASSERT_TRUE(SetStatus(done, v1::GOAL_STATUS_COMPLETED).ok());
  Record(first, kDay, 1);
  Record(second, kDay, 2);
  Record(second, kDay, 3);
  Record(secret.goal_id, kDay, 4);

  const std::vector<GoalHistory> histories = store_.FindSharedHistories("ada").value();

  ASSERT_THAT(histories, SizeIs(2));
  EXPECT_EQ(histories[0].goal.goal_id, second);
  EXPECT_THAT(histories[0].latest, ElementsAre(2, 3));
  EXPECT_EQ(histories[1].goal.goal_id, first);
  EXPECT_THAT(histories[1].days, ElementsAre(ActivityDay{kDay, 1, 1, 1, 1, 0}));
  EXPECT_THAT(store_.FindSharedHistories("bob").value(), IsEmpty());
}

DRAMATIS_ON_EVERY_ENGINE(GoalStoreTest);

}  // namespace
}  // namespace dramatis::memory
