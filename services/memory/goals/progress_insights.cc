#include "services/memory/goals/progress_insights.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/memory/goals/goal_rules.h"

namespace dramatis::memory {
namespace {

constexpr size_t kMostInsights = 3;
constexpr int kLongSilenceDays = 7;
constexpr double kDone = 100;

// `2.5 km`.
std::string Quantity(double value, const std::string& unit) {
  const std::string number = absl::StrFormat("%.10g", value);
  return unit.empty() ? number : absl::StrCat(number, " ", unit);
}

// `3 days`, `1 day`.
std::string Count(absl::civil_diff_t count, const char* noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

const char* PeriodName(v1::GoalPeriod period) {
  switch (period) {
    case v1::GOAL_PERIOD_WEEK:
      return "week";
    case v1::GOAL_PERIOD_MONTH:
      return "month";
    case v1::GOAL_PERIOD_QUARTER:
      return "quarter";
    case v1::GOAL_PERIOD_YEAR:
      return "year";
    default:
      return "day";
  }
}

// `today`, `this week`.
std::string ThisPeriod(v1::GoalPeriod period) {
  return period == v1::GOAL_PERIOD_DAY ? "today" : absl::StrCat("this ", PeriodName(period));
}

std::string AboutRecurring(const v1::GoalTarget& target, const ProgressFacts& facts) {
  const std::string now = ThisPeriod(target.period());
  const bool is_minimum = target.target_type() == v1::TARGET_TYPE_MINIMUM ||
                          target.target_type() == v1::TARGET_TYPE_UNSPECIFIED;
  const double missing = target.value() - facts.current;
  if (is_minimum && missing <= 0) return absl::StrCat("The value is reached ", now, ".");
  if (is_minimum) return absl::StrCat(Quantity(missing, target.unit()), " to go ", now, ".");
  return absl::StrCat(Quantity(facts.current, target.unit()), " recorded ", now, ".");
}

std::string AboutLimit(const v1::GoalTarget& target, const ProgressFacts& facts) {
  const std::string now = ThisPeriod(target.period());
  const double left = target.value() - facts.current;
  if (left >= 0) return absl::StrCat(Quantity(left, target.unit()), " left ", now, ".");
  return absl::StrCat("The limit is passed by ", Quantity(-left, target.unit()), " ", now, ".");
}

// What the pattern itself says of now.
std::string AboutNow(const v1::Goal& goal, const ProgressFacts& facts) {
  const v1::GoalTarget& target = goal.target();
  switch (goal.goal_pattern()) {
    case v1::GOAL_PATTERN_RECURRING:
      return AboutRecurring(target, facts);
    case v1::GOAL_PATTERN_LIMIT:
      return AboutLimit(target, facts);
    case v1::GOAL_PATTERN_STREAK:
      return absl::StrCat(Count(facts.streak.current, PeriodName(target.period())),
                          " in a row; the longest row is ", facts.streak.longest, ".");
    default:
      if (facts.percent >= kDone) return "The goal is reached.";
      return absl::StrCat(Quantity(std::abs(target.value() - facts.current), target.unit()),
                          " to go.");
  }
}

// What is to be expected; empty for nothing.
std::string AboutTheEnd(const v1::Goal& goal, const ProgressFacts& facts) {
  if (facts.percent >= kDone) return "";
  const std::optional<absl::CivilDay> due = ParseDay(goal.target().target_date());
  if (due.has_value() && *due < facts.today) {
    return absl::StrCat("The target date passed ", Count(facts.today - *due, "day"), " ago.");
  }
  if (!facts.projected.has_value()) {
    return due.has_value() ? absl::StrCat(Count(*due - facts.today, "day"), " to the target date.")
                           : "";
  }
  const std::string pace =
      absl::StrCat("At this pace it is reached on ", FormatDay(*facts.projected));
  if (!due.has_value()) return pace + ".";
  const absl::civil_diff_t late = *facts.projected - *due;
  if (late == 0) return pace + ", on the target date.";
  return absl::StrCat(pace, ", ", Count(std::abs(late), "day"), late > 0 ? " after" : " before",
                      " the target date.");
}

const char* TrendName(v1::ProgressTrend trend) {
  switch (trend) {
    case v1::PROGRESS_TREND_UP:
      return "up";
    case v1::PROGRESS_TREND_DOWN:
      return "down";
    default:
      return "stable";
  }
}

}  // namespace

std::string PatternName(v1::GoalPattern pattern) {
  switch (pattern) {
    case v1::GOAL_PATTERN_RECURRING:
      return "recurring";
    case v1::GOAL_PATTERN_MILESTONE:
      return "milestone";
    case v1::GOAL_PATTERN_TARGET:
      return "target";
    case v1::GOAL_PATTERN_STREAK:
      return "streak";
    case v1::GOAL_PATTERN_LIMIT:
      return "limit";
    default:
      return "goal";
  }
}

std::vector<std::string> Insights(const v1::Goal& goal, const ProgressFacts& facts) {
  std::vector<std::string> insights = {AboutNow(goal, facts)};
  if (std::string end = AboutTheEnd(goal, facts); !end.empty()) insights.push_back(std::move(end));
  if (facts.share.has_value()) {
    insights.push_back(absl::StrCat(facts.share->reached, " of the last ",
                                    Count(facts.share->periods, PeriodName(goal.target().period())),
                                    goal.goal_pattern() == v1::GOAL_PATTERN_LIMIT
                                        ? " stayed within the limit."
                                        : " reached the value."));
  }
  const bool is_silent =
      facts.last_entry.has_value() && facts.today - *facts.last_entry >= kLongSilenceDays;
  if (is_silent && goal.goal_pattern() != v1::GOAL_PATTERN_LIMIT) {
    insights.push_back(absl::StrCat("Nothing has been recorded for ",
                                    Count(facts.today - *facts.last_entry, "day"), "."));
  }
  if (insights.size() > kMostInsights) insights.resize(kMostInsights);
  return insights;
}

std::string DescribeGoal(const v1::Goal& goal, double percent, v1::ProgressTrend trend) {
  const bool is_share = goal.goal_pattern() == v1::GOAL_PATTERN_RECURRING ||
                        goal.goal_pattern() == v1::GOAL_PATTERN_LIMIT;
  std::string text = absl::StrFormat(
      "Goal \"%s\" (%s): %.0f %% %s, trend %s", goal.title(), PatternName(goal.goal_pattern()),
      std::floor(percent), is_share ? "of recent periods as meant" : "done", TrendName(trend));
  if (!goal.target().target_date().empty()) {
    absl::StrAppend(&text, ", due ", goal.target().target_date());
  }
  return text + ".";
}

}  // namespace dramatis::memory
