// The RPCs of goals through a real gRPC server: what reaches a caller.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/goals_fixture.h"
#include "services/memory/testing/service_fixture.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class GoalsServiceTest : public MemoryServiceTest {
 protected:
  v1::CreateGoalRequest Good(const std::string& title) const {
    v1::CreateGoalRequest request;
    *request.mutable_goal() =
        GoodGoal(v1::GOAL_PATTERN_MILESTONE, absl::ToCivilDay(clock_.Now(), absl::UTCTimeZone()));
    request.mutable_goal()->set_title(title);
    return request;
  }

  absl::StatusOr<v1::Goal> Set(const std::string& title, const std::string& authorization = kAda) {
    return Call<v1::Goal>(&Stub::CreateGoal, Good(title), authorization);
  }

  template <class Request>
  static Request Of(const std::string& goal_id) {
    Request request;
    request.set_goal_id(goal_id);
    return request;
  }

  absl::StatusOr<v1::Activity> Record(const std::string& goal_id,
                                      double value,
                                      const std::string& authorization = kAda) {
    auto request = Of<v1::CreateActivityRequest>(goal_id);
    request.mutable_activity()->set_value(value);
    return Call<v1::Activity>(&Stub::CreateActivity, request, authorization);
  }
};

TEST_F(GoalsServiceTest, TakesAGoalThroughItsLife) {
  const std::string id = Set("Read")->goal_id();
  auto update = Of<v1::UpdateGoalRequest>(id);
  update.mutable_goal()->set_title("Read more");
  auto get_activity = Of<v1::GetActivityRequest>(id);

  get_activity.set_activity_id(Record(id, 25)->activity_id());
  EXPECT_EQ(Call<v1::Activity>(&Stub::GetActivity, get_activity)->value(), 25);
  EXPECT_EQ(
      Call<v1::ListActivitiesResponse>(&Stub::ListActivities, Of<v1::ListActivitiesRequest>(id))
          ->activities_size(),
      1);
  EXPECT_EQ(Call<v1::GoalProgress>(&Stub::GetGoalProgress, Of<v1::GetGoalProgressRequest>(id))
                ->progress(),
            25);
  EXPECT_EQ(Call<v1::Goal>(&Stub::UpdateGoal, update)->title(), "Read more");
  EXPECT_EQ(Call<v1::Goal>(&Stub::CompleteGoal, Of<v1::CompleteGoalRequest>(id))->status(),
            v1::GOAL_STATUS_COMPLETED);
  EXPECT_EQ(Call<v1::Goal>(&Stub::RestoreGoal, Of<v1::RestoreGoalRequest>(id))->status(),
            v1::GOAL_STATUS_ACTIVE);
  EXPECT_TRUE(Call<google::protobuf::Empty>(&Stub::DeleteGoal, Of<v1::DeleteGoalRequest>(id)).ok());
  EXPECT_EQ(Call<v1::Goal>(&Stub::GetGoal, Of<v1::GetGoalRequest>(id))->status(),
            v1::GOAL_STATUS_ARCHIVED);
  EXPECT_EQ(Call<v1::ListGoalsResponse>(&Stub::ListGoals, v1::ListGoalsRequest())->goals_size(), 0);
}

TEST_F(GoalsServiceTest, HidesGoalsFromOtherUsers) {
  const std::string id = Set("Read")->goal_id();

  for (const absl::Status& status :
       {Call<v1::Goal>(&Stub::GetGoal, Of<v1::GetGoalRequest>(id), kBob).status(),
        Call<v1::Goal>(&Stub::CompleteGoal, Of<v1::CompleteGoalRequest>(id), kBob).status(),
        Call<v1::GoalProgress>(&Stub::GetGoalProgress, Of<v1::GetGoalProgressRequest>(id), kBob)
            .status(),
        Record(id, 1, kBob).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(GetReason(status), "NOT_FOUND");
  }
}

TEST_F(GoalsServiceTest, NamesEveryFieldThatIsWrong) {
  v1::CreateGoalRequest request = Good("Read");
  request.mutable_goal()->clear_category();
  request.mutable_goal()->set_color("red");
  request.mutable_goal()->mutable_target()->clear_value();
  request.mutable_goal()->mutable_schedule()->add_days_of_week(7);
  auto update = Of<v1::UpdateGoalRequest>(Set("Run")->goal_id());
  update.mutable_goal()->set_goal_pattern(v1::GOAL_PATTERN_LIMIT);

  EXPECT_THAT(ViolatedFields(Call<v1::Goal>(&Stub::CreateGoal, request).status()),
              ElementsAre("goal.category", "goal.color", "goal.target.value",
                          "goal.schedule.days_of_week[0]"));
  EXPECT_THAT(ViolatedFields(Call<v1::Goal>(&Stub::UpdateGoal, update).status()),
              ElementsAre("goal.goal_pattern"));
  request = Good("Read");
  request.mutable_goal()->mutable_target()->set_period(v1::GOAL_PERIOD_DAY);
  EXPECT_THAT(ViolatedFields(Call<v1::Goal>(&Stub::CreateGoal, request).status()),
              ElementsAre("goal.target.period"));
}

TEST_F(GoalsServiceTest, SaysByItsReasonsWhatForbids) {
  const std::string id = Set("Goal 0")->goal_id();
  const absl::Status taken = Set("goal 0").status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(GetErrorInfo(taken)->reason(), "GOAL_TITLE_TAKEN");
  EXPECT_EQ(GetErrorInfo(taken)->domain(), "memory.dramatis");
  for (int i = 1; i < kGoalQuota; ++i)
    ASSERT_TRUE(Set(absl::StrCat("Goal ", i)).ok());
  const absl::Status full = Set("One more").status();
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetReason(full), "GOAL_QUOTA_EXCEEDED");
  EXPECT_TRUE(Set("One more", kBob).ok());
  ASSERT_TRUE(Call<google::protobuf::Empty>(&Stub::DeleteGoal, Of<v1::DeleteGoalRequest>(id)).ok());
  const absl::Status closed = Record(id, 1).status();
  EXPECT_EQ(closed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetReason(closed), "GOAL_NOT_ACTIVE");
}

TEST_F(GoalsServiceTest, HonoursIfMatchAndIdempotencyKeys) {
  const std::string id = Set("Read")->goal_id();
  metadata_["if-match"] = "\"7\"";
  EXPECT_EQ(
      GetReason(Call<v1::Goal>(&Stub::CompleteGoal, Of<v1::CompleteGoalRequest>(id)).status()),
      "ETAG_MISMATCH");
  metadata_["if-match"] = "*";
  EXPECT_TRUE(Call<v1::Goal>(&Stub::CompleteGoal, Of<v1::CompleteGoalRequest>(id)).ok());
  EXPECT_TRUE(Call<v1::Goal>(&Stub::RestoreGoal, Of<v1::RestoreGoalRequest>(id)).ok());
  metadata_.clear();
  metadata_["idempotency-key"] = "k1";
  const std::string first = Record(id, 1)->activity_id();
  EXPECT_EQ(Record(id, 1)->activity_id(), first);
  EXPECT_EQ(GetReason(Record(id, 2).status()), "IDEMPOTENCY_KEY_REUSED");
}

TEST_F(GoalsServiceTest, LogsNoContent) {
  ASSERT_TRUE(Set("a secret aim").ok());
  ASSERT_FALSE(Set("a secret aim").ok());
  ASSERT_FALSE(Set("a secret\naim").ok());

  for (const RecordingLogger::Record& record : logger_.records()) {
    EXPECT_THAT(record.message, Not(HasSubstr("secret")));
    for (const auto& [name, value] : record.fields)
      EXPECT_THAT(value, Not(HasSubstr("secret"))) << name;
  }
}

}  // namespace
}  // namespace dramatis::memory
