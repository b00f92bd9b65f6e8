// The store of goals under test on one engine, and short ways to fill it and to ask it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/goals.pb.h"

#include "absl/strings/str_cat.h"
#include "embedded/memory_migrations.h"
#include "gtest/gtest.h"
#include "services/memory/sql/goals.h"
#include "services/memory/testing/goals_fixture.h"
#include "shared/sql/testing/test_database.h"

namespace dramatis::memory {

class GoalStoreTest : public sql::DatabaseTest {
 protected:
  static constexpr int kQuota = 50;
  static constexpr absl::CivilDay kDay{2027, 3, 10};

  GoalStoreTest() : DatabaseTest(embedded::memory_migrations()), store_(db(), clock_) {
    call_.identity.user_id = "ada";
    call_.send_header = [this](const std::string& name, const std::string& value) {
      headers_.push_back(absl::StrCat(name, ": ", value));
    };
    request_.mutable_goal()->set_title("a request");
  }

  GoalRow NewGoal(const std::string& title, const std::string& user_id = "ada") {
    clock_.Advance(absl::Seconds(1));
    GoalRow row;
    row.user_id = user_id;
    row.goal_id = absl::StrCat("g", 1000 + ++last_id_);
    row.definition = Normalized(GoodGoal(v1::GOAL_PATTERN_RECURRING, kDay));
    row.definition.set_title(title);
    row.title_key = TitleKey(title);
    row.create_time = clock_.Now();
    row.update_time = row.create_time;
    return row;
  }

  absl::StatusOr<v1::Goal> Create(const GoalRow& row) {
    return store_.CreateGoal(call_, request_, row, kQuota);
  }

  std::string Add(const std::string& title) {
    const GoalRow row = NewGoal(title);
    EXPECT_TRUE(Create(row).ok());
    return row.goal_id;
  }

  absl::StatusOr<v1::Goal> SetStatus(const std::string& goal_id, v1::GoalStatus status) {
    return store_.ChangeGoal(
        call_, "CompleteGoal", request_, goal_id,
        [&](const GoalRow& goal) -> absl::StatusOr<std::optional<GoalRow>> {
          GoalRow next = goal;
          next.definition.set_status(status);
          return next;
        },
        kQuota);
  }

  ActivityRow NewActivity(const std::string& goal_id, absl::CivilDay day, double value) {
    ActivityRow row;
    row.user_id = "ada";
    row.goal_id = goal_id;
    row.activity_id = absl::StrCat("a", 10000 + ++last_id_);
    row.day = day;
    row.value = value;
    row.create_time = clock_.Now();
    return row;
  }

  absl::StatusOr<v1::Activity> AddRow(const ActivityRow& row) {
    return store_.AddActivity(call_, request_, row.goal_id,
                              [&](const GoalRow&) -> absl::StatusOr<ActivityRow> { return row; });
  }

  std::string Record(const std::string& goal_id,
                     absl::CivilDay day,
                     double value,
                     v1::ActivityType type = v1::ACTIVITY_TYPE_PROGRESS) {
    ActivityRow row = NewActivity(goal_id, day, value);
    row.type = type;
    EXPECT_TRUE(AddRow(row).ok());
    return row.activity_id;
  }

  std::vector<std::string> Listed(const GoalQuery& query) {
    std::vector<std::string> ids;
    const GoalPage page = store_.ListGoals(query).value();
    for (const GoalRow& goal : page.goals)
      ids.push_back(goal.goal_id);
    return ids;
  }

  std::vector<std::string> Listed(const ActivityQuery& query) {
    std::vector<std::string> ids;
    const ActivityPage page = store_.ListActivities(query).value();
    for (const ActivityRow& activity : page.activities)
      ids.push_back(activity.activity_id);
    return ids;
  }

  static GoalQuery Of(const std::string& user_id) {
    GoalQuery query;
    query.user_id = user_id;
    return query;
  }

  static ActivityQuery OfGoal(const std::string& goal_id) {
    ActivityQuery query;
    query.user_id = "ada";
    query.goal_id = goal_id;
    return query;
  }

  FakeClock clock_;
  SqlGoalStore store_;
  CallContext call_;
  std::vector<std::string> headers_;
  v1::CreateGoalRequest request_;
  int last_id_ = 0;
};

}  // namespace dramatis::memory
