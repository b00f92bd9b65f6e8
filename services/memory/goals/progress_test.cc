#include "services/memory/goals/progress.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/goals/progress_insights.h"
#include "services/memory/testing/goals_fixture.h"

namespace dramatis::memory {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

absl::CivilDay On(int year, int month, int day) {
  return absl::CivilDay(year, month, day);
}

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

absl::Time At(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return time;
}

TEST(PeriodTest, BeginsWhereTheCalendarSays) {
  struct Case {
    v1::GoalPeriod period;
    absl::CivilDay day, start, next;
  };
  const std::vector<Case> cases = {
      {v1::GOAL_PERIOD_DAY, On(2027, 3, 10), On(2027, 3, 10), On(2027, 3, 11)},
      // 2027-03-08 is a Monday.
      {v1::GOAL_PERIOD_WEEK, On(2027, 3, 8), On(2027, 3, 8), On(2027, 3, 15)},
      {v1::GOAL_PERIOD_WEEK, On(2027, 3, 14), On(2027, 3, 8), On(2027, 3, 15)},
      {v1::GOAL_PERIOD_WEEK, On(2027, 1, 1), On(2026, 12, 28), On(2027, 1, 4)},
      {v1::GOAL_PERIOD_MONTH, On(2028, 2, 29), On(2028, 2, 1), On(2028, 3, 1)},
      {v1::GOAL_PERIOD_MONTH, On(2027, 12, 31), On(2027, 12, 1), On(2028, 1, 1)},
      {v1::GOAL_PERIOD_QUARTER, On(2027, 3, 31), On(2027, 1, 1), On(2027, 4, 1)},
      {v1::GOAL_PERIOD_QUARTER, On(2027, 11, 5), On(2027, 10, 1), On(2028, 1, 1)},
      {v1::GOAL_PERIOD_YEAR, On(2027, 7, 4), On(2027, 1, 1), On(2028, 1, 1)},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(PeriodStart(c.period, c.day), c.start) << c.day;
    EXPECT_EQ(NextPeriod(c.period, c.start), c.next) << c.day;
  }
}

// A history of a goal made at `created`.
class ProgressTest : public testing::Test {
 protected:
  void Set(v1::GoalPattern pattern, absl::CivilDay created) {
    history_.goal.definition = Normalized(GoodGoal(pattern, created));
    history_.goal.create_time = absl::FromCivil(created, zone_);
    now_ = history_.goal.create_time;
  }
  v1::GoalTarget& target() { return *history_.goal.definition.mutable_target(); }
  v1::GoalSchedule& schedule() { return *history_.goal.definition.mutable_schedule(); }
  void Record(absl::CivilDay day, const std::vector<double>& values) {
    history_.days.push_back(DayOf(day, values));
    history_.latest.insert(history_.latest.end(), values.begin(), values.end());
    if (history_.latest.size() > 5) {
      history_.latest.erase(history_.latest.begin(), history_.latest.end() - 5);
    }
  }
  void SetToday(absl::CivilDay day) { now_ = absl::FromCivil(day, zone_) + absl::Hours(12); }
  v1::GoalProgress Get(v1::ProgressPeriod period = v1::PROGRESS_PERIOD_CURRENT) {
    return ComputeProgress(history_, zone_, now_, period);
  }

  absl::TimeZone zone_ = absl::UTCTimeZone();
  GoalHistory history_;
  absl::Time now_;
};

TEST_F(ProgressTest, OfRecurringIsTheShareOfPeriodsThatReachedTheValue) {
  Set(v1::GOAL_PATTERN_RECURRING, On(2027, 3, 1));
  Record(On(2027, 3, 1), {4, 6});
  Record(On(2027, 3, 2), {9.9});
  Record(On(2027, 3, 4), {25});
  SetToday(On(2027, 3, 4));

  const v1::GoalProgress progress = Get();

  EXPECT_DOUBLE_EQ(progress.progress(), 50);
  EXPECT_EQ(progress.current_value(), 25);
  EXPECT_EQ(progress.target_value(), 10);
  EXPECT_EQ(progress.statistics().periods(), 4);
  EXPECT_EQ(progress.statistics().periods_reached(), 2);
}

TEST_F(ProgressTest, OfRecurringCountsAtMostTheLastPeriods) {
  struct Case {
    v1::GoalPeriod period;
    int most;
  };
  for (const Case& c : {Case{v1::GOAL_PERIOD_DAY, 30}, Case{v1::GOAL_PERIOD_WEEK, 12},
                        Case{v1::GOAL_PERIOD_MONTH, 12}, Case{v1::GOAL_PERIOD_QUARTER, 12}}) {
    Set(v1::GOAL_PATTERN_RECURRING, On(2020, 1, 1));
    target().set_period(c.period);
    SetToday(On(2027, 3, 10));

    EXPECT_EQ(Get().statistics().periods(), c.most);
  }
}

TEST_F(ProgressTest, OfRecurringLeavesOutWhatWasBeforeTheGoal) {
  Set(v1::GOAL_PATTERN_RECURRING, On(2027, 3, 10));
  Record(On(2027, 3, 8), {50});
  Record(On(2027, 3, 9), {50});

  EXPECT_EQ(Get().progress(), 0);
  EXPECT_EQ(Get().statistics().periods(), 1);
}

TEST_F(ProgressTest, OfRecurringGoesByTheTargetType) {
  struct Case {
    v1::TargetType type;
    std::vector<double> reached;
    std::vector<double> missed;
  };
  const std::vector<Case> cases = {
      {v1::TARGET_TYPE_MINIMUM, {10, 11}, {9}},
      {v1::TARGET_TYPE_MAXIMUM, {0, 10}, {11}},
      {v1::TARGET_TYPE_EXACT, {10}, {9, 11}},
      {v1::TARGET_TYPE_RANGE, {8, 12}, {7, 13}},
  };
  for (const Case& c : cases) {
    const auto percent = [&](double value) {
      Set(v1::GOAL_PATTERN_RECURRING, On(2027, 3, 10));
      target().set_target_type(c.type);
      target().set_min_value(8);
      target().set_max_value(12);
      history_.days = {DayOf(On(2027, 3, 10), {value})};
      return Get().progress();
    };
    for (const double value : c.reached)
      EXPECT_EQ(percent(value), 100) << c.type << " " << value;
    for (const double value : c.missed)
      EXPECT_EQ(percent(value), 0) << c.type << " " << value;
    history_.days.clear();
    EXPECT_EQ(Get().progress(), 0) << "no entry, " << c.type;
  }
}

TEST_F(ProgressTest, ForgivesWhatBinaryFractionsLack) {
  Set(v1::GOAL_PATTERN_RECURRING, On(2027, 3, 10));
  target().set_value(0.3);
  target().set_target_type(v1::TARGET_TYPE_EXACT);
  Record(On(2027, 3, 10), {0.1, 0.1, 0.1});

  EXPECT_EQ(Get().progress(), 100);
}

TEST_F(ProgressTest, OfMilestoneIsTheSumOfAllEntries) {
  Set(v1::GOAL_PATTERN_MILESTONE, On(2027, 3, 1));
  // More than a page of them.
  for (int i = 0; i < 250; ++i)
    Record(On(2026, 1, 1) + i, {0.2, 0.1});
  SetToday(On(2027, 3, 10));

  EXPECT_THAT(Get().progress(), DoubleNear(75, 1e-6));
  EXPECT_EQ(Get(v1::PROGRESS_PERIOD_ALL).statistics().entries(), 500);
  EXPECT_EQ(Get(v1::PROGRESS_PERIOD_ALL).statistics().active_days(), 250);
}

TEST_F(ProgressTest, IsCappedAtAHundred) {
  Set(v1::GOAL_PATTERN_MILESTONE, On(2027, 3, 1));
  Record(On(2027, 3, 1), {1000});

  EXPECT_EQ(Get().progress(), 100);
  EXPECT_FALSE(Get().has_projected_completion_date());
}

TEST_F(ProgressTest, OfTargetIsTheWayGone) {
  struct Case {
    double start, value, current, percent;
  };
  for (const Case& c :
       {Case{80, 70, 80, 0}, Case{80, 70, 77.5, 25}, Case{80, 70, 65, 100}, Case{80, 70, 90, 0},
        Case{10, 50, 30, 50}, Case{10, 50, 60, 100}, Case{10, 50, 5, 0}, Case{-10, 10, 0, 50}}) {
    Set(v1::GOAL_PATTERN_TARGET, On(2027, 3, 1));
    target().set_start_value(c.start);
    target().set_value(c.value);
    history_.latest.clear();
    Record(On(2027, 3, 1), {1000, c.current});

    EXPECT_DOUBLE_EQ(Get().progress(), c.percent) << c.start << " to " << c.value;
    EXPECT_EQ(Get().current_value(), c.current);
  }
}

TEST_F(ProgressTest, OfTargetBeginsAtTheStartValue) {
  Set(v1::GOAL_PATTERN_TARGET, On(2027, 3, 1));

  EXPECT_EQ(Get().current_value(), 80);
  EXPECT_EQ(Get().progress(), 0);
}

TEST_F(ProgressTest, OfTargetToMaintainIsToStay) {
  Set(v1::GOAL_PATTERN_TARGET, On(2027, 3, 1));
  target().set_direction(v1::TARGET_DIRECTION_MAINTAIN);
  target().set_start_value(70);
  EXPECT_EQ(Get().progress(), 100);
  Record(On(2027, 3, 1), {71});
  EXPECT_EQ(Get().progress(), 0);
  target().set_min_value(69);
  target().set_max_value(71);
  EXPECT_EQ(Get().progress(), 100);
  target().set_max_value(70.5);
  EXPECT_EQ(Get().progress(), 0);
}

TEST_F(ProgressTest, OfLimitIsTheShareOfPeriodsNotAboveIt) {
  Set(v1::GOAL_PATTERN_LIMIT, On(2027, 3, 1));
  Record(On(2027, 3, 2), {1, 1});
  Record(On(2027, 3, 3), {1, 1, 0.5});
  SetToday(On(2027, 3, 4));

  EXPECT_DOUBLE_EQ(Get().progress(), 75);
  EXPECT_EQ(Get().current_value(), 0);
}

TEST_F(ProgressTest, OfStreakIsItsLength) {
  Set(v1::GOAL_PATTERN_STREAK, On(2027, 3, 1));
  target().set_value(4);
  for (const int day : {1, 2, 4, 5, 6})
    Record(On(2027, 3, day), {1});
  SetToday(On(2027, 3, 6));

  const v1::GoalProgress progress = Get();

  EXPECT_DOUBLE_EQ(progress.progress(), 75);
  EXPECT_EQ(progress.current_value(), 3);
  EXPECT_EQ(progress.statistics().longest_streak(), 3);
}

TEST_F(ProgressTest, OfStreakBreaksWhenAPeriodHasPassedOnly) {
  Set(v1::GOAL_PATTERN_STREAK, On(2027, 3, 1));
  Record(On(2027, 3, 1), {1});
  Record(On(2027, 3, 2), {1});
  SetToday(On(2027, 3, 3));
  EXPECT_EQ(Get().current_value(), 2) << "the day is not over";
  SetToday(On(2027, 3, 4));
  EXPECT_EQ(Get().current_value(), 0);
  EXPECT_EQ(Get().statistics().longest_streak(), 2);
}

TEST_F(ProgressTest, OfStreakCountsWeeksAndMonths) {
  Set(v1::GOAL_PATTERN_STREAK, On(2027, 1, 1));
  target().set_period(v1::GOAL_PERIOD_WEEK);
  Record(On(2027, 2, 28), {1});  // a Sunday
  Record(On(2027, 3, 1), {1});   // the Monday after
  Record(On(2027, 3, 14), {1});
  SetToday(On(2027, 3, 21));
  EXPECT_EQ(Get().current_value(), 3);
  target().set_period(v1::GOAL_PERIOD_MONTH);
  EXPECT_EQ(Get().current_value(), 2);
}

TEST_F(ProgressTest, OfStreakSkipsWhereTheScheduleAllowsIt) {
  Set(v1::GOAL_PATTERN_STREAK, On(2027, 3, 1));
  Record(On(2027, 3, 1), {1});
  history_.days.push_back(SkippedDay(On(2027, 3, 2)));
  Record(On(2027, 3, 3), {1});
  SetToday(On(2027, 3, 3));
  EXPECT_EQ(Get().current_value(), 1);
  schedule().set_allow_skip_days(true);
  EXPECT_EQ(Get().current_value(), 2);
}

TEST_F(ProgressTest, LeavesOutDaysThatTheScheduleDoesNotMean) {
  // Monday, Wednesday, Friday; 2027-03-08 is a Monday.
  Set(v1::GOAL_PATTERN_STREAK, On(2027, 3, 8));
  for (const int day : {0, 2, 4})
    schedule().add_days_of_week(day);
  for (const int day : {8, 10, 12, 15})
    Record(On(2027, 3, day), {10});
  SetToday(On(2027, 3, 16));
  EXPECT_EQ(Get().current_value(), 4);
  history_.goal.definition.set_goal_pattern(v1::GOAL_PATTERN_RECURRING);
  target().set_value(10);
  EXPECT_EQ(Get().statistics().periods(), 4);
  EXPECT_EQ(Get().progress(), 100);
}

// Midnight in the user's zone is what parts days, also where the clock is put forward or back.
struct ZoneCase {
  const char* zone;
  // Two moments around a midnight that is not UTC's.
  const char* before_midnight;
  const char* after_midnight;
  absl::CivilDay day;  // of the first
};

class ZoneTest : public ProgressTest, public testing::WithParamInterface<ZoneCase> {};

TEST_P(ZoneTest, BreaksNoStreakBeforeItsOwnMidnight) {
  zone_ = Zone(GetParam().zone);
  Set(v1::GOAL_PATTERN_STREAK, GetParam().day - 3);
  Record(GetParam().day - 2, {1});
  Record(GetParam().day - 1, {1});

  now_ = At(GetParam().before_midnight);
  EXPECT_EQ(Get().current_value(), 2);
  EXPECT_EQ(Get().statistics().start_date(), FormatDay(GetParam().day));
  now_ = At(GetParam().after_midnight);
  EXPECT_EQ(Get().current_value(), 0);
  EXPECT_EQ(Get().statistics().start_date(), FormatDay(GetParam().day + 1));
}

TEST_P(ZoneTest, CountsEveryDayOnce) {
  zone_ = Zone(GetParam().zone);
  Set(v1::GOAL_PATTERN_RECURRING, GetParam().day - 3);
  for (int i = -3; i <= 1; ++i)
    Record(GetParam().day + i, {10});

  now_ = At(GetParam().before_midnight);
  EXPECT_EQ(Get().statistics().periods(), 4);
  EXPECT_EQ(Get().statistics().current_streak(), 4);
  now_ = At(GetParam().after_midnight);
  EXPECT_EQ(Get().statistics().periods(), 5);
  EXPECT_EQ(Get().statistics().current_streak(), 5);
  EXPECT_EQ(Get().progress(), 100);
}

INSTANTIATE_TEST_SUITE_P(
    ,
    ZoneTest,
    testing::Values(
        // Spring forward: days of 23 hours.
        ZoneCase{"Europe/Berlin", "2027-03-28T21:59:59Z", "2027-03-28T22:00:00Z", On(2027, 3, 28)},
        ZoneCase{"America/New_York", "2027-03-15T03:59:59Z", "2027-03-15T04:00:00Z",
                 On(2027, 3, 14)},
        // Fall back: days of 25 hours.
        ZoneCase{"Europe/Berlin", "2027-10-31T22:59:59Z", "2027-10-31T23:00:00Z", On(2027, 10, 31)},
        ZoneCase{"America/New_York", "2027-11-08T04:59:59Z", "2027-11-08T05:00:00Z",
                 On(2027, 11, 7)},
        // Midnight itself is left out: the day begins at 01:00.
        ZoneCase{"Africa/Cairo", "2027-04-29T21:59:59Z", "2027-04-29T22:00:00Z", On(2027, 4, 29)},
        ZoneCase{"Pacific/Auckland", "2027-06-10T11:59:59Z", "2027-06-10T12:00:00Z",
                 On(2027, 6, 10)},
        ZoneCase{"UTC", "2027-06-10T23:59:59Z", "2027-06-11T00:00:00Z", On(2027, 6, 10)}));

TEST(TrendTest, IsTheSignOfTheSlope) {
  EXPECT_EQ(ComputeTrend({1, 2, 3}), v1::PROGRESS_TREND_UP);
  EXPECT_EQ(ComputeTrend({80, 78, 78.5, 76, 75}), v1::PROGRESS_TREND_DOWN);
  EXPECT_EQ(ComputeTrend({-3, -2, -1}), v1::PROGRESS_TREND_UP);
  EXPECT_EQ(ComputeTrend({5, 1, 5, 1, 5}), v1::PROGRESS_TREND_STABLE);
  EXPECT_EQ(ComputeTrend({}), v1::PROGRESS_TREND_STABLE);
  EXPECT_EQ(ComputeTrend({7}), v1::PROGRESS_TREND_STABLE);
  EXPECT_EQ(ComputeTrend({0, 0, 0}), v1::PROGRESS_TREND_STABLE);
}

TEST(TrendTest, IsStableWithinOnePercentOfTheMean) {
  EXPECT_EQ(ComputeTrend({100, 100.9}), v1::PROGRESS_TREND_STABLE);
  EXPECT_EQ(ComputeTrend({100, 101.1}), v1::PROGRESS_TREND_UP);
  EXPECT_EQ(ComputeTrend({100.9, 100}), v1::PROGRESS_TREND_STABLE);
  EXPECT_EQ(ComputeTrend({101.1, 100}), v1::PROGRESS_TREND_DOWN);
  EXPECT_EQ(ComputeTrend({-100, -100.9}), v1::PROGRESS_TREND_STABLE);
}

TEST_F(ProgressTest, ProjectsAMilestoneAtThePaceSoFar) {
  Set(v1::GOAL_PATTERN_MILESTONE, On(2027, 3, 1));
  Record(On(2027, 3, 2), {20});
  SetToday(On(2027, 3, 10));

  // 2 a day for ten days; 80 to go.
  EXPECT_EQ(Get().projected_completion_date(), "2027-04-19");
}

TEST_F(ProgressTest, ProjectsATargetThatComesNearerOnly) {
  Set(v1::GOAL_PATTERN_TARGET, On(2027, 3, 1));
  Record(On(2027, 3, 10), {78});
  SetToday(On(2027, 3, 10));
  EXPECT_EQ(Get().projected_completion_date(), "2027-04-19");
  Record(On(2027, 3, 10), {82});
  EXPECT_FALSE(Get().has_projected_completion_date());
}

TEST_F(ProgressTest, ProjectsAStreakThatGoesOn) {
  Set(v1::GOAL_PATTERN_STREAK, On(2027, 3, 1));
  target().set_value(5);
  Record(On(2027, 3, 8), {1});
  Record(On(2027, 3, 9), {1});
  SetToday(On(2027, 3, 10));
  EXPECT_EQ(Get().projected_completion_date(), "2027-03-12");
  Record(On(2027, 3, 10), {1});
  EXPECT_EQ(Get().projected_completion_date(), "2027-03-12");
  SetToday(On(2027, 3, 12));
  EXPECT_FALSE(Get().has_projected_completion_date());
}

TEST_F(ProgressTest, ProjectsNothingTooFarAway) {
  Set(v1::GOAL_PATTERN_MILESTONE, On(2027, 3, 1));
  target().set_value(1e12);
  Record(On(2027, 3, 1), {0.001});

  EXPECT_FALSE(Get().has_projected_completion_date());
}

TEST_F(ProgressTest, KeepsStatisticsOfTheSpanAskedFor) {
  Set(v1::GOAL_PATTERN_MILESTONE, On(2026, 1, 1));
  Record(On(2026, 12, 31), {1});
  Record(On(2027, 1, 1), {2});
  Record(On(2027, 2, 28), {4});
  Record(On(2027, 3, 7), {8});
  Record(On(2027, 3, 8), {16, 20});
  SetToday(On(2027, 3, 10));
  struct Case {
    v1::ProgressPeriod period;
    double total;
    const char* start;
    const char* end;
  };
  for (const Case& c :
       {Case{v1::PROGRESS_PERIOD_WEEK, 36, "2027-03-08", "2027-03-15"},
        Case{v1::PROGRESS_PERIOD_MONTH, 44, "2027-03-01", "2027-04-01"},
        Case{v1::PROGRESS_PERIOD_QUARTER, 50, "2027-01-01", "2027-04-01"},
        Case{v1::PROGRESS_PERIOD_YEAR, 50, "2027-01-01", "2028-01-01"},
        Case{v1::PROGRESS_PERIOD_ALL, 51, "", ""}, Case{v1::PROGRESS_PERIOD_CURRENT, 51, "", ""},
        Case{v1::PROGRESS_PERIOD_UNSPECIFIED, 51, "", ""}}) {
    const v1::GoalProgress progress = Get(c.period);
    EXPECT_EQ(progress.statistics().total(), c.total) << c.period;
    EXPECT_EQ(progress.statistics().start_date(), c.start);
    EXPECT_EQ(progress.statistics().end_date(), c.end);
    EXPECT_DOUBLE_EQ(progress.progress(), 51) << "of the goal as a whole";
  }
  const v1::ProgressStatistics week = Get(v1::PROGRESS_PERIOD_WEEK).statistics();
  EXPECT_EQ(week.average(), 18);
  EXPECT_EQ(week.minimum(), 16);
  EXPECT_EQ(week.maximum(), 20);
  EXPECT_EQ(week.last_activity_date(), "2027-03-08");
  EXPECT_FALSE(week.has_current_streak());
}

TEST_F(ProgressTest, HasNoMeanOfNothing) {
  Set(v1::GOAL_PATTERN_RECURRING, On(2027, 3, 1));
  history_.days.push_back(SkippedDay(On(2027, 3, 1)));

  const v1::ProgressStatistics statistics = Get().statistics();

  EXPECT_EQ(statistics.entries(), 0);
  EXPECT_EQ(statistics.skipped(), 1);
  EXPECT_FALSE(statistics.has_average());
  EXPECT_FALSE(statistics.has_minimum());
  EXPECT_FALSE(statistics.has_last_activity_date());
}

TEST_F(ProgressTest, OfACompletedGoalStaysAsItWas) {
  Set(v1::GOAL_PATTERN_STREAK, On(2027, 3, 1));
  for (int day = 1; day <= 30; ++day)
    Record(On(2027, 3, day), {1});
  history_.goal.complete_time = absl::FromCivil(On(2027, 3, 30), zone_);
  SetToday(On(2027, 8, 1));

  EXPECT_EQ(Get().progress(), 100);
}

TEST_F(ProgressTest, TellsAtMostThreeThings) {
  Set(v1::GOAL_PATTERN_MILESTONE, On(2027, 3, 1));
  target().set_unit("pages");
  Record(On(2027, 3, 1), {20});
  SetToday(On(2027, 3, 10));

  EXPECT_THAT(
      Get().insights(),
      ElementsAre("80 pages to go.",
                  "At this pace it is reached on 2027-04-19, 51 days before the target date.",
                  "Nothing has been recorded for 9 days."));
}

TEST_F(ProgressTest, TellsOfPeriods) {
  Set(v1::GOAL_PATTERN_LIMIT, On(2027, 3, 1));
  Record(On(2027, 3, 2), {3});
  SetToday(On(2027, 3, 2));
  EXPECT_THAT(Get().insights(), ElementsAre("The limit is passed by 1 today.",
                                            "1 of the last 2 days stayed within the limit."));
  history_.goal.definition.set_goal_pattern(v1::GOAL_PATTERN_STREAK);
  EXPECT_THAT(Get().insights(), ElementsAre("1 day in a row; the longest row is 1.",
                                            "At this pace it is reached on 2027-03-03."));
}

TEST(DescribeGoalTest, SaysItInOneSentence) {
  v1::Goal goal = GoodGoal(v1::GOAL_PATTERN_MILESTONE, On(2027, 3, 1));
  EXPECT_EQ(DescribeGoal(goal, 42.9, v1::PROGRESS_TREND_UP),
            "Goal \"A goal\" (milestone): 42 % done, trend up, due 2027-06-09.");
  goal = GoodGoal(v1::GOAL_PATTERN_LIMIT, On(2027, 3, 1));
  EXPECT_EQ(DescribeGoal(goal, 75, v1::PROGRESS_TREND_STABLE),
            "Goal \"A goal\" (limit): 75 % of recent periods as meant, trend stable.");
}

}  // namespace
}  // namespace dramatis::memory
