#include "services/memory/goals/goals.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/fakes.h"
#include "services/memory/testing/goal_fakes.h"
#include "services/memory/testing/goals_fixture.h"
#include "shared/status/errors.h"

namespace dramatis::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class GoalsTest : public testing::Test {
 protected:
  GoalsTest() { call_.identity.user_id = "ada"; }

  absl::CivilDay Today() const { return absl::ToCivilDay(clock_.Now(), absl::UTCTimeZone()); }

  v1::Goal Good(const std::string& title,
                v1::GoalPattern pattern = v1::GOAL_PATTERN_RECURRING) const {
    v1::Goal goal = GoodGoal(pattern, Today());
    goal.set_title(title);
    return goal;
  }

  absl::StatusOr<v1::Goal> Create(const v1::Goal& goal) {
    clock_.Advance(absl::Seconds(1));
    v1::CreateGoalRequest request;
    *request.mutable_goal() = goal;
    return goals_.Create(call_, request);
  }

  v1::UpdateGoalRequest Change(const std::string& goal_id) const {
    v1::UpdateGoalRequest request;
    request.set_goal_id(goal_id);
    return request;
  }

  absl::StatusOr<v1::Goal> Get(const std::string& goal_id) {
    v1::GetGoalRequest request;
    request.set_goal_id(goal_id);
    return goals_.Get(call_, request);
  }

  absl::StatusOr<v1::Goal> Complete(const std::string& goal_id) {
    v1::CompleteGoalRequest request;
    request.set_goal_id(goal_id);
    return goals_.Complete(call_, request);
  }

  absl::StatusOr<v1::Goal> Restore(const std::string& goal_id) {
    v1::RestoreGoalRequest request;
    request.set_goal_id(goal_id);
    return goals_.Restore(call_, request);
  }

  absl::Status Archive(const std::string& goal_id) {
    v1::DeleteGoalRequest request;
    request.set_goal_id(goal_id);
    return goals_.Delete(call_, request);
  }

  absl::StatusOr<v1::Activity> Record(const std::string& goal_id,
                                      double value,
                                      const std::string& date = "") {
    v1::CreateActivityRequest request;
    request.set_goal_id(goal_id);
    request.mutable_activity()->set_value(value);
    request.mutable_activity()->set_activity_date(date);
    return goals_.CreateActivity(call_, request);
  }

  absl::StatusOr<v1::GoalProgress> Progress(const std::string& goal_id) {
    v1::GetGoalProgressRequest request;
    request.set_goal_id(goal_id);
    return goals_.Progress(call_, request);
  }

  void LiveIn(const std::string& zone) {
    ProfileRow profile;
    profile.user_id = "ada";
    profile.definition.set_timezone(zone);
    ASSERT_TRUE(profiles_.WriteProfile(profile).ok());
  }

  FakeGoalStore store_;
  FakeStore profiles_;
  FakeClock clock_{absl::FromCivil(absl::CivilSecond(2027, 3, 10, 23, 30, 0), absl::UTCTimeZone())};
  CountingIdSource ids_;
  Goals goals_{store_, profiles_, clock_, ids_};
  CallContext call_;
};

TEST_F(GoalsTest, KeepsWhatWasSet) {
  v1::Goal goal = Good("  Run ");
  goal.set_category(" health\n");
  (*goal.mutable_metadata()->mutable_fields())["a"].set_string_value("b");

  const v1::Goal created = Create(goal).value();

  EXPECT_EQ(created.title(), "Run");
  EXPECT_EQ(created.category(), "health");
  EXPECT_EQ(created.status(), v1::GOAL_STATUS_ACTIVE);
  EXPECT_EQ(created.metadata().fields().at("a").string_value(), "b");
  EXPECT_EQ(Get(created.goal_id())->SerializeAsString(), created.SerializeAsString());
}

TEST_F(GoalsTest, IgnoresWhatIsNotTheUsersToSet) {
  v1::Goal goal = Good("Run");
  goal.set_goal_id("mine");
  goal.set_etag("99");
  goal.mutable_complete_time()->set_seconds(1);

  const v1::Goal created = Create(goal).value();

  EXPECT_NE(created.goal_id(), "mine");
  EXPECT_EQ(created.etag(), "1");
  EXPECT_FALSE(created.has_complete_time());
}

TEST_F(GoalsTest, NamesWhatIsWrongAndKeepsNothing) {
  v1::Goal goal = Good("Run");
  goal.mutable_target()->clear_period();
  goal.mutable_target()->set_value(0);

  EXPECT_THAT(ViolatedFields(Create(goal).status()),
              ElementsAre("goal.target.value", "goal.target.period"));
  EXPECT_THAT(goals_.List(call_, {})->goals(), IsEmpty());
}

TEST_F(GoalsTest, TellsAheadByTheUsersCalendar) {
  v1::Goal goal = Good("Read", v1::GOAL_PATTERN_MILESTONE);
  goal.mutable_target()->set_target_date("2027-03-11");
  LiveIn("Europe/Berlin");  // where it is the 11th already

  EXPECT_THAT(ViolatedFields(Create(goal).status()), ElementsAre("goal.target.target_date"));
  goal.mutable_target()->set_target_date("2027-03-12");
  EXPECT_TRUE(Create(goal).ok());
}

TEST_F(GoalsTest, ChangesTheFieldsThatTheMaskNames) {
  const std::string id = Create(Good("Run"))->goal_id();
  v1::UpdateGoalRequest request = Change(id);
  request.mutable_goal()->mutable_target()->set_value(20);
  request.mutable_goal()->set_description("not named");
  request.mutable_update_mask()->add_paths("target.value");

  const v1::Goal updated = goals_.Update(call_, request).value();

  EXPECT_EQ(updated.target().value(), 20);
  EXPECT_EQ(updated.target().unit(), "km");
  EXPECT_EQ(updated.description(), "");
  EXPECT_EQ(updated.etag(), "2");
}

TEST_F(GoalsTest, ChecksTheGoalAsItWouldBe) {
  const std::string id = Create(Good("Run"))->goal_id();
  v1::UpdateGoalRequest request = Change(id);
  request.mutable_update_mask()->add_paths("target.period");

  EXPECT_THAT(ViolatedFields(goals_.Update(call_, request).status()),
              ElementsAre("goal.target.period"));
  EXPECT_EQ(Get(id)->target().period(), v1::GOAL_PERIOD_DAY);
}

TEST_F(GoalsTest, ChangesTheVersionMeantOnly) {
  const std::string id = Create(Good("Run"))->goal_id();
  call_.if_match = "7";

  EXPECT_EQ(GetReason(goals_.Update(call_, Change(id)).status()), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Archive(id)), "ETAG_MISMATCH");
  EXPECT_EQ(GetReason(Complete(id).status()), "ETAG_MISMATCH");
  call_.if_match = "1";
  EXPECT_TRUE(goals_.Update(call_, Change(id)).ok());
}

TEST_F(GoalsTest, TriesAgainWhenAnotherWriterComesFirst) {
  const std::string id = Create(Good("Run"))->goal_id();
  store_.conflicts = 2;

  EXPECT_TRUE(Complete(id).ok());
}

TEST_F(GoalsTest, GoesThroughItsLife) {
  const std::string id = Create(Good("Run"))->goal_id();

  const v1::Goal completed = Complete(id).value();
  EXPECT_EQ(completed.status(), v1::GOAL_STATUS_COMPLETED);
  EXPECT_TRUE(completed.has_complete_time());
  EXPECT_EQ(Complete(id)->etag(), completed.etag()) << "again";
  EXPECT_EQ(GetReason(goals_.Update(call_, Change(id)).status()), "GOAL_NOT_ACTIVE");
  EXPECT_EQ(GetReason(Record(id, 1).status()), "GOAL_NOT_ACTIVE");

  const v1::Goal restored = Restore(id).value();
  EXPECT_EQ(restored.status(), v1::GOAL_STATUS_ACTIVE);
  EXPECT_FALSE(restored.has_complete_time());
  EXPECT_EQ(Restore(id)->etag(), restored.etag()) << "again";

  EXPECT_TRUE(Archive(id).ok());
  EXPECT_TRUE(Archive(id).ok());
  EXPECT_EQ(Get(id)->status(), v1::GOAL_STATUS_ARCHIVED);
  EXPECT_EQ(GetReason(Complete(id).status()), "GOAL_NOT_ACTIVE");
  EXPECT_EQ(Restore(id)->status(), v1::GOAL_STATUS_ACTIVE);
}

TEST_F(GoalsTest, TakesActivitiesWhileActiveOrPausedOnly) {
  v1::Goal goal = Good("Run");
  goal.set_status(v1::GOAL_STATUS_DRAFT);
  const std::string id = Create(goal)->goal_id();
  EXPECT_EQ(GetReason(Record(id, 1).status()), "GOAL_NOT_ACTIVE");
  EXPECT_EQ(GetReason(Complete(id).status()), "GOAL_NOT_ACTIVE");
  for (const v1::GoalStatus status : {v1::GOAL_STATUS_ACTIVE, v1::GOAL_STATUS_PAUSED}) {
    v1::UpdateGoalRequest request = Change(id);
    request.mutable_goal()->set_status(status);
    ASSERT_TRUE(goals_.Update(call_, request).ok());
    EXPECT_TRUE(Record(id, 1).ok()) << status;
  }
}

TEST_F(GoalsTest, AllowsFiftyActiveGoals) {
  std::string last;
  for (int i = 0; i < kGoalQuota; ++i)
    last = Create(Good(absl::StrCat("Goal ", i)))->goal_id();

  EXPECT_EQ(GetReason(Create(Good("One more")).status()), "GOAL_QUOTA_EXCEEDED");
  v1::Goal draft = Good("A draft");
  draft.set_status(v1::GOAL_STATUS_DRAFT);
  const std::string waiting = Create(draft)->goal_id();
  v1::UpdateGoalRequest activate = Change(waiting);
  activate.mutable_goal()->set_status(v1::GOAL_STATUS_ACTIVE);
  EXPECT_EQ(GetReason(goals_.Update(call_, activate).status()), "GOAL_QUOTA_EXCEEDED");
  ASSERT_TRUE(Archive(last).ok());
  EXPECT_TRUE(goals_.Update(call_, activate).ok());
  EXPECT_EQ(GetReason(Restore(last).status()), "GOAL_QUOTA_EXCEEDED");
}

TEST_F(GoalsTest, KeepsTitlesOfActiveGoalsApart) {
  const std::string first = Create(Good("Run"))->goal_id();

  EXPECT_EQ(GetReason(Create(Good(" RUN")).status()), "GOAL_TITLE_TAKEN");
  ASSERT_TRUE(Archive(first).ok());
  EXPECT_TRUE(Create(Good("run")).ok());
  EXPECT_EQ(GetReason(Restore(first).status()), "GOAL_TITLE_TAKEN");
}

TEST_F(GoalsTest, DatesActivitiesByTheUsersCalendar) {
  const std::string id = Create(Good("Run"))->goal_id();
  EXPECT_EQ(Record(id, 1)->activity_date(), "2027-03-10");
  LiveIn("Europe/Berlin");
  EXPECT_EQ(Record(id, 1)->activity_date(), "2027-03-11");
}

TEST_F(GoalsTest, FiltersActivitiesByHalfOpenSpans) {
  const std::string id = Create(Good("Run"))->goal_id();
  for (const char* date : {"2027-03-07", "2027-03-08", "2027-03-09", "2027-03-10"})
    ASSERT_TRUE(Record(id, 1, date).ok());
  const auto listed = [&](const char* start, const char* end) {
    v1::ListActivitiesRequest request;
    request.set_goal_id(id);
    request.set_start_date(start);
    request.set_end_date(end);
    std::vector<std::string> days;
    const v1::ListActivitiesResponse page = goals_.ListActivities(call_, request).value();
    for (const v1::Activity& activity : page.activities())
      days.push_back(activity.activity_date().substr(8));
    return days;
  };

  EXPECT_THAT(listed("", ""), ElementsAre("10", "09", "08", "07"));
  EXPECT_THAT(listed("2027-03-09", ""), ElementsAre("10", "09"));
  EXPECT_THAT(listed("", "2027-03-09"), ElementsAre("08", "07"));
  EXPECT_THAT(listed("2027-03-08", "2027-03-10"), ElementsAre("09", "08"));
  EXPECT_THAT(listed("2027-03-09", "2027-03-09"), IsEmpty());
}

TEST_F(GoalsTest, ASpanEndsNotBeforeItBegins) {
  v1::ListActivitiesRequest request;
  request.set_goal_id(Create(Good("Run"))->goal_id());
  request.set_start_date("2027-03-10");
  request.set_end_date("2027-03-09");

  EXPECT_THAT(ViolatedFields(goals_.ListActivities(call_, request).status()),
              ElementsAre("end_date"));
}

TEST_F(GoalsTest, NamesABoundThatIsNoDay) {
  v1::ListActivitiesRequest request;
  request.set_goal_id(Create(Good("Run"))->goal_id());
  request.set_end_date("2027-02-30");

  EXPECT_THAT(ViolatedFields(goals_.ListActivities(call_, request).status()),
              ElementsAre("end_date"));
}

TEST_F(GoalsTest, CountsEveryActivityInProgress) {
  const std::string id = Create(Good("Read", v1::GOAL_PATTERN_MILESTONE))->goal_id();
  for (int i = 0; i < 150; ++i)
    ASSERT_TRUE(Record(id, 0.5).ok());

  EXPECT_DOUBLE_EQ(Progress(id)->progress(), 75);
}

TEST_F(GoalsTest, BreaksAStreakAtTheUsersMidnight) {
  LiveIn("America/New_York");  // 18:30 on the 10th
  const std::string id = Create(Good("Meditate", v1::GOAL_PATTERN_STREAK))->goal_id();
  ASSERT_TRUE(Record(id, 1, "2027-03-08").ok());
  ASSERT_TRUE(Record(id, 1, "2027-03-09").ok());
  EXPECT_EQ(Progress(id)->current_value(), 2);
  clock_.Advance(absl::Hours(5));
  EXPECT_EQ(Progress(id)->current_value(), 2) << "23:30";
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Progress(id)->current_value(), 0) << "00:30";
}

TEST_F(GoalsTest, TellsPersonasOfActiveSharedGoals) {
  const std::string id = Create(Good("Read", v1::GOAL_PATTERN_MILESTONE))->goal_id();
  ASSERT_TRUE(Record(id, 42).ok());
  v1::Goal secret = Good("Secret");
  secret.set_share_with_personas(false);
  ASSERT_TRUE(Create(secret).ok());
  ASSERT_TRUE(Archive(Create(Good("Old"))->goal_id()).ok());
  v1::Goal paused = Good("Paused");
  paused.set_status(v1::GOAL_STATUS_PAUSED);
  ASSERT_TRUE(Create(paused).ok());

  const std::vector<GoalBrief> briefs = goals_.SharedBriefs("ada").value();

  ASSERT_THAT(briefs, SizeIs(1));
  EXPECT_EQ(briefs[0].goal_id, id);
  EXPECT_EQ(briefs[0].progress, 42);
  EXPECT_EQ(briefs[0].due, Today() + 100);
  EXPECT_EQ(briefs[0].text, "Goal \"Read\" (milestone): 42 % done, trend stable, due 2027-06-18.");
  EXPECT_THAT(goals_.SharedBriefs("bob").value(), IsEmpty());
}

TEST_F(GoalsTest, ListsInPages) {
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(Create(Good(absl::StrCat("Goal ", i))).ok());
  v1::ListGoalsRequest request;
  request.set_page_size(2);
  std::vector<std::string> titles;
  do {
    const v1::ListGoalsResponse page = goals_.List(call_, request).value();
    for (const v1::Goal& goal : page.goals())
      titles.push_back(goal.title());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());

  EXPECT_THAT(titles, ElementsAre("Goal 4", "Goal 3", "Goal 2", "Goal 1", "Goal 0"));
}

TEST_F(GoalsTest, RefusesTokensOfAnotherList) {
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(Create(Good(absl::StrCat("Goal ", i))).ok());
  v1::ListGoalsRequest request;
  request.set_page_size(1);
  request.set_page_token(goals_.List(call_, request)->next_page_token());
  request.set_category("tests");

  EXPECT_EQ(GetReason(goals_.List(call_, request).status()), "INVALID_CURSOR");
}

TEST_F(GoalsTest, AreNobodyElsesBusiness) {
  const std::string id = Create(Good("Run"))->goal_id();
  const std::string activity = Record(id, 1)->activity_id();
  call_.identity = {"bob", AccessRole::kAdmin};
  v1::GetActivityRequest get;
  get.set_goal_id(id);
  get.set_activity_id(activity);
  v1::ListActivitiesRequest list;
  list.set_goal_id(id);

  EXPECT_TRUE(absl::IsNotFound(Get(id).status()));
  EXPECT_TRUE(absl::IsNotFound(goals_.Update(call_, Change(id)).status()));
  EXPECT_TRUE(absl::IsNotFound(Complete(id).status()));
  EXPECT_TRUE(absl::IsNotFound(Restore(id).status()));
  EXPECT_TRUE(absl::IsNotFound(Archive(id)));
  EXPECT_TRUE(absl::IsNotFound(Record(id, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(goals_.GetActivity(call_, get).status()));
  EXPECT_TRUE(absl::IsNotFound(goals_.ListActivities(call_, list).status()));
  EXPECT_TRUE(absl::IsNotFound(Progress(id).status()));
  EXPECT_THAT(goals_.List(call_, {})->goals(), IsEmpty());
}

TEST_F(GoalsTest, PassesAFailedReadOn) {
  profiles_.error = UnavailableError("the database is away");
  EXPECT_TRUE(absl::IsUnavailable(Create(Good("Run")).status()));
  profiles_.error = absl::OkStatus();
  store_.error = UnavailableError("the database is away");
  EXPECT_TRUE(absl::IsUnavailable(goals_.List(call_, {}).status()));
  EXPECT_TRUE(absl::IsUnavailable(goals_.SharedBriefs("ada").status()));
}

}  // namespace
}  // namespace dramatis::memory
