// How far a goal has come. Pure functions over days: what happened when is decided by the user's
// calendar, so a day of 23 or 25 hours is a day like any other.
//
//   const absl::CivilDay today = absl::ToCivilDay(clock.Now(), zone);
//   v1::GoalProgress progress = ComputeProgress(history, zone, clock.Now(),
//   v1::PROGRESS_PERIOD_ALL);
//
// The formulas are those of goals.proto. Weeks start on Monday.
#pragma once

#include <vector>

#include "dramatis/memory/v1/goals.pb.h"

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "services/memory/model/goal_store.h"

namespace dramatis::memory {

// The first day of the period that holds `day`. `period` is not unspecified.
absl::CivilDay PeriodStart(v1::GoalPeriod period, absl::CivilDay day);
// The first day of the period after the one that starts at `start`.
absl::CivilDay NextPeriod(v1::GoalPeriod period, absl::CivilDay start);

// Periods in a row with an entry.
struct Streak {
  int current = 0;
  int longest = 0;
  bool operator==(const Streak&) const = default;
};
// The row that reaches up to `today`, and the longest ever. A period without an entry ends a row,
// unless it is not over yet, or was skipped and the goal's schedule allows that. The goal has a
// period.
Streak ComputeStreak(const v1::Goal& goal,
                     const std::vector<ActivityDay>& days,
                     absl::CivilDay today);

// Periods that count for a recurring or limit goal, and how many of them did as they should.
struct PeriodShare {
  int periods = 0;
  int reached = 0;
  bool operator==(const PeriodShare&) const = default;
};
// Of the periods from the one of the day it was `created` to the one of `today`, the last 30 where
// they are days, else the last 12.
PeriodShare ComputeShare(const v1::Goal& goal,
                         const std::vector<ActivityDay>& days,
                         absl::CivilDay created,
                         absl::CivilDay today);

// The sign of the least-squares slope of the values over 0, 1, 2, ...; stable within 1 % of their
// mean, and for fewer than two.
v1::ProgressTrend ComputeTrend(const std::vector<double>& values);

// All of it at `now`, or when the goal was completed. The statistics are of `period`.
v1::GoalProgress ComputeProgress(const GoalHistory& history,
                                 absl::TimeZone zone,
                                 absl::Time now,
                                 v1::ProgressPeriod period);

}  // namespace dramatis::memory
