#include "services/memory/goals/progress.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "services/memory/goals/goal_rules.h"
#include "services/memory/goals/progress_insights.h"

namespace dramatis::memory {
namespace {

constexpr int kMostDays = 30;
constexpr int kMostLongerPeriods = 12;
constexpr int kDaysOfTenYears = 3653;

struct Span {
  absl::CivilDay start;
  absl::CivilDay end;  // the day after the last
};

// What was recorded within a span.
struct SpanTotal {
  int entries = 0;
  int skipped = 0;
  int active_days = 0;
  double total = 0;
  std::optional<double> least;
  std::optional<double> greatest;
};

// 0 for Monday to 6 for Sunday.
int WeekdayNumber(absl::CivilDay day) {
  return static_cast<int>(absl::GetWeekday(day));
}

// Sums of decimal fractions miss the last bits: what is this close is equal.
double Tolerance(double value) {
  constexpr double kRelative = 1e-9;
  return kRelative * std::max(1.0, std::abs(value));
}

// The days of a span. The earliest comes first in `days`.
std::pair<std::vector<ActivityDay>::const_iterator, std::vector<ActivityDay>::const_iterator>
DaysWithin(const std::vector<ActivityDay>& days, const Span& span) {
  const auto before = [](const ActivityDay& day, absl::CivilDay limit) { return day.day < limit; };
  return {std::lower_bound(days.begin(), days.end(), span.start, before),
          std::lower_bound(days.begin(), days.end(), span.end, before)};
}

SpanTotal Total(const std::vector<ActivityDay>& days, const std::optional<Span>& span) {
  SpanTotal sum;
  auto [first, last] =
      span.has_value() ? DaysWithin(days, *span) : std::make_pair(days.begin(), days.end());
  for (; first != last; ++first) {
    sum.skipped += first->skipped;
    if (first->entries == 0) continue;
    sum.entries += first->entries;
    ++sum.active_days;
    sum.total += first->total;
    sum.least = std::min(sum.least.value_or(first->least), first->least);
    sum.greatest = std::max(sum.greatest.value_or(first->greatest), first->greatest);
  }
  return sum;
}

// Whether the schedule leaves the period out: a day of the week that is not meant.
bool IsMeant(const v1::Goal& goal, absl::CivilDay start) {
  const auto& meant = goal.schedule().days_of_week();
  if (goal.target().period() != v1::GOAL_PERIOD_DAY || meant.empty()) return true;
  return std::find(meant.begin(), meant.end(), WeekdayNumber(start)) != meant.end();
}

bool IsReached(const v1::Goal& goal, const SpanTotal& sum) {
  const v1::GoalTarget& target = goal.target();
  const double value = target.value();
  const bool at_most = sum.total <= value + Tolerance(value);
  if (goal.goal_pattern() == v1::GOAL_PATTERN_LIMIT) return at_most;
  if (sum.entries == 0) return false;
  const bool at_least = sum.total >= value - Tolerance(value);
  switch (target.target_type()) {
    case v1::TARGET_TYPE_MAXIMUM:
      return at_most;
    case v1::TARGET_TYPE_EXACT:
      return at_least && at_most;
    case v1::TARGET_TYPE_RANGE:
      return sum.total >= target.min_value() - Tolerance(target.min_value()) &&
             sum.total <= target.max_value() + Tolerance(target.max_value());
    default:
      return at_least;
  }
}

double Percent(double share) {
  constexpr double kWhole = 100;
  return std::clamp(kWhole * share, 0.0, kWhole);
}

// From the start value to the value, as far as the measure has moved that way. To maintain a
// measure is to be within its range, or at the value where there is none.
double TargetShare(const v1::GoalTarget& target, double current) {
  if (target.direction() != v1::TARGET_DIRECTION_MAINTAIN) {
    return (current - target.start_value()) / (target.value() - target.start_value());
  }
  if (!target.has_min_value() && !target.has_max_value()) {
    const bool stays = std::abs(current - target.value()) <= Tolerance(target.value());
    const double way = target.value() - target.start_value();
    return stays || way == 0 ? (stays ? 1 : 0) : (current - target.start_value()) / way;
  }
  const bool inside = (!target.has_min_value() || current >= target.min_value()) &&
                      (!target.has_max_value() || current <= target.max_value());
  return inside ? 1 : 0;
}

// Days needed for `remaining` at a pace per day, added to today; nullopt if that leads nowhere.
std::optional<absl::CivilDay> AtPace(absl::CivilDay today, double remaining, double pace) {
  if (remaining == 0 || pace == 0) return std::nullopt;
  const double needed = std::ceil(remaining / pace);
  if (!(needed > 0) || needed > kDaysOfTenYears) return std::nullopt;
  return today + static_cast<int>(needed);
}

// The period in which a streak is long enough, if no one is missed from now on.
std::optional<absl::CivilDay> StreakEnd(const GoalHistory& history,
                                        absl::CivilDay today,
                                        int current) {
  const v1::Goal& goal = history.goal.definition;
  const v1::GoalPeriod period = goal.target().period();
  int missing = static_cast<int>(std::ceil(goal.target().value())) - current;
  if (current == 0 || missing <= 0) return std::nullopt;
  absl::CivilDay start = PeriodStart(period, today);
  const SpanTotal now = Total(history.days, Span{start, NextPeriod(period, start)});
  if (now.entries == 0 && IsMeant(goal, start)) --missing;
  while (missing > 0) {
    start = NextPeriod(period, start);
    if (start - today > kDaysOfTenYears) return std::nullopt;
    if (IsMeant(goal, start)) --missing;
  }
  return std::max(start, today);
}

std::optional<absl::CivilDay> Project(const GoalHistory& history,
                                      const ProgressFacts& facts,
                                      double current) {
  const v1::Goal& goal = history.goal.definition;
  const v1::GoalTarget& target = goal.target();
  if (facts.percent >= 100 || history.days.empty()) return std::nullopt;
  const absl::CivilDay first = std::min(facts.created, history.days.front().day);
  const double elapsed =
      static_cast<double>(std::max<absl::civil_diff_t>(facts.today - first, 0)) + 1;
  switch (goal.goal_pattern()) {
    case v1::GOAL_PATTERN_MILESTONE:
      return AtPace(facts.today, target.value() - current, current / elapsed);
    case v1::GOAL_PATTERN_TARGET:
      if (target.direction() == v1::TARGET_DIRECTION_MAINTAIN) return std::nullopt;
      return AtPace(facts.today, target.value() - current,
                    (current - target.start_value()) / elapsed);
    case v1::GOAL_PATTERN_STREAK:
      return StreakEnd(history, facts.today, facts.streak.current);
    default:
      return std::nullopt;
  }
}

// The span that statistics are about; nullopt for all time.
std::optional<Span> SpanOf(const v1::Goal& goal, v1::ProgressPeriod period, absl::CivilDay today) {
  v1::GoalPeriod unit = v1::GOAL_PERIOD_UNSPECIFIED;
  switch (period) {
    case v1::PROGRESS_PERIOD_WEEK:
      unit = v1::GOAL_PERIOD_WEEK;
      break;
    case v1::PROGRESS_PERIOD_MONTH:
      unit = v1::GOAL_PERIOD_MONTH;
      break;
    case v1::PROGRESS_PERIOD_QUARTER:
      unit = v1::GOAL_PERIOD_QUARTER;
      break;
    case v1::PROGRESS_PERIOD_YEAR:
      unit = v1::GOAL_PERIOD_YEAR;
      break;
    case v1::PROGRESS_PERIOD_ALL:
      break;
    default:
      unit = goal.target().period();
  }
  if (unit == v1::GOAL_PERIOD_UNSPECIFIED) return std::nullopt;
  const absl::CivilDay start = PeriodStart(unit, today);
  return Span{start, NextPeriod(unit, start)};
}

v1::ProgressStatistics Statistics(const GoalHistory& history,
                                  const ProgressFacts& facts,
                                  const std::optional<Span>& span) {
  v1::ProgressStatistics statistics;
  const SpanTotal sum = Total(history.days, span);
  if (span.has_value()) {
    statistics.set_start_date(FormatDay(span->start));
    statistics.set_end_date(FormatDay(span->end));
  }
  statistics.set_entries(sum.entries);
  statistics.set_skipped(sum.skipped);
  statistics.set_active_days(sum.active_days);
  statistics.set_total(sum.total);
  if (sum.entries > 0) {
    statistics.set_average(sum.total / sum.entries);
    statistics.set_minimum(*sum.least);
    statistics.set_maximum(*sum.greatest);
  }
  if (facts.last_entry.has_value()) {
    statistics.set_last_activity_date(FormatDay(*facts.last_entry));
  }
  const v1::Goal& goal = history.goal.definition;
  if (goal.target().period() != v1::GOAL_PERIOD_UNSPECIFIED) {
    statistics.set_current_streak(facts.streak.current);
    statistics.set_longest_streak(facts.streak.longest);
  }
  if (facts.share.has_value()) {
    statistics.set_periods(facts.share->periods);
    statistics.set_periods_reached(facts.share->reached);
  }
  return statistics;
}

// Progress and current value by pattern.
void Measure(const GoalHistory& history, ProgressFacts& facts) {
  const v1::Goal& goal = history.goal.definition;
  const v1::GoalTarget& target = goal.target();
  switch (goal.goal_pattern()) {
    case v1::GOAL_PATTERN_MILESTONE:
      facts.current = Total(history.days, std::nullopt).total;
      facts.percent = Percent(facts.current / target.value());
      return;
    case v1::GOAL_PATTERN_TARGET:
      facts.current = history.latest.empty() ? target.start_value() : history.latest.back();
      facts.percent = Percent(TargetShare(target, facts.current));
      return;
    case v1::GOAL_PATTERN_STREAK:
      facts.current = facts.streak.current;
      facts.percent = Percent(facts.current / target.value());
      return;
    default:
      facts.share = ComputeShare(goal, history.days, facts.created, facts.today);
      facts.current =
          Total(history.days, SpanOf(goal, v1::PROGRESS_PERIOD_CURRENT, facts.today)).total;
      facts.percent =
          facts.share->periods == 0
              ? 0
              : Percent(static_cast<double>(facts.share->reached) / facts.share->periods);
  }
}

}  // namespace

absl::CivilDay PeriodStart(v1::GoalPeriod period, absl::CivilDay day) {
  constexpr int kMonthsOfQuarter = 3;
  switch (period) {
    case v1::GOAL_PERIOD_WEEK:
      return day - WeekdayNumber(day);
    case v1::GOAL_PERIOD_MONTH:
      return absl::CivilDay(absl::CivilMonth(day));
    case v1::GOAL_PERIOD_QUARTER:
      return absl::CivilDay(absl::CivilMonth(day) - (day.month() - 1) % kMonthsOfQuarter);
    case v1::GOAL_PERIOD_YEAR:
      return absl::CivilDay(absl::CivilYear(day));
    default:
      return day;
  }
}

absl::CivilDay NextPeriod(v1::GoalPeriod period, absl::CivilDay start) {
  constexpr int kDaysOfWeek = 7;
  constexpr int kMonthsOfQuarter = 3;
  switch (period) {
    case v1::GOAL_PERIOD_WEEK:
      return start + kDaysOfWeek;
    case v1::GOAL_PERIOD_MONTH:
      return absl::CivilDay(absl::CivilMonth(start) + 1);
    case v1::GOAL_PERIOD_QUARTER:
      return absl::CivilDay(absl::CivilMonth(start) + kMonthsOfQuarter);
    case v1::GOAL_PERIOD_YEAR:
      return absl::CivilDay(absl::CivilYear(start) + 1);
    default:
      return start + 1;
  }
}

Streak ComputeStreak(const v1::Goal& goal,
                     const std::vector<ActivityDay>& days,
                     absl::CivilDay today) {
  Streak streak;
  if (days.empty()) return streak;
  const v1::GoalPeriod period = goal.target().period();
  const absl::CivilDay now = PeriodStart(period, today);
  auto next = days.begin();
  for (absl::CivilDay start = PeriodStart(period, next->day); start <= now;
       start = NextPeriod(period, start)) {
    const absl::CivilDay end = NextPeriod(period, start);
    int entries = 0;
    int skipped = 0;
    for (; next != days.end() && next->day < end; ++next) {
      entries += next->entries;
      skipped += next->skipped;
    }
    if (!IsMeant(goal, start)) continue;
    if (entries > 0) {
      ++streak.current;
    } else if (start != now && (skipped == 0 || !goal.schedule().allow_skip_days())) {
      streak.current = 0;
    }
    streak.longest = std::max(streak.longest, streak.current);
  }
  return streak;
}

PeriodShare ComputeShare(const v1::Goal& goal,
                         const std::vector<ActivityDay>& days,
                         absl::CivilDay created,
                         absl::CivilDay today) {
  const v1::GoalPeriod period = goal.target().period();
  const int most = period == v1::GOAL_PERIOD_DAY ? kMostDays : kMostLongerPeriods;
  // Yesterday is before creation where the user has travelled west.
  const absl::CivilDay first = PeriodStart(period, std::min(created, today));
  PeriodShare share;
  for (absl::CivilDay start = PeriodStart(period, today); start >= first && share.periods < most;
       start = PeriodStart(period, start - 1)) {
    if (!IsMeant(goal, start)) continue;
    ++share.periods;
    if (IsReached(goal, Total(days, Span{start, NextPeriod(period, start)}))) ++share.reached;
  }
  return share;
}

v1::ProgressTrend ComputeTrend(const std::vector<double>& values) {
  constexpr double kDeadBand = 0.01;
  const auto count = static_cast<double>(values.size());
  if (values.size() < 2) return v1::PROGRESS_TREND_STABLE;
  double mean = 0;
  for (const double value : values)
    mean += value / count;
  const double middle = (count - 1) / 2;
  double covariance = 0;
  double variance = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(i) - middle;
    covariance += x * (values[i] - mean);
    variance += x * x;
  }
  const double slope = covariance / variance;
  if (std::abs(slope) <= kDeadBand * std::abs(mean)) return v1::PROGRESS_TREND_STABLE;
  return slope > 0 ? v1::PROGRESS_TREND_UP : v1::PROGRESS_TREND_DOWN;
}

v1::GoalProgress ComputeProgress(const GoalHistory& history,
                                 absl::TimeZone zone,
                                 absl::Time now,
                                 v1::ProgressPeriod period) {
  const v1::Goal& goal = history.goal.definition;
  ProgressFacts facts;
  facts.created = absl::ToCivilDay(history.goal.create_time, zone);
  facts.today = absl::ToCivilDay(history.goal.complete_time.value_or(now), zone);
  for (const ActivityDay& day : history.days)
    if (day.entries > 0) facts.last_entry = day.day;
  if (goal.target().period() != v1::GOAL_PERIOD_UNSPECIFIED) {
    facts.streak = ComputeStreak(goal, history.days, facts.today);
  }
  Measure(history, facts);
  facts.projected = Project(history, facts, facts.current);

  v1::GoalProgress progress;
  progress.set_goal_id(history.goal.goal_id);
  progress.set_goal_pattern(goal.goal_pattern());
  progress.set_progress(facts.percent);
  progress.set_current_value(facts.current);
  progress.set_target_value(goal.target().value());
  progress.set_unit(goal.target().unit());
  progress.set_trend(ComputeTrend(history.latest));
  if (facts.projected.has_value()) {
    progress.set_projected_completion_date(FormatDay(*facts.projected));
  }
  *progress.mutable_statistics() = Statistics(history, facts, SpanOf(goal, period, facts.today));
  for (std::string& insight : Insights(goal, facts))
    progress.add_insights(std::move(insight));
  return progress;
}

}  // namespace dramatis::memory
