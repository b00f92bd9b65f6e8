// Facts about goals and activities: defaults, checks that field rules cannot say, what a caller
// sees. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/goals.pb.h"

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "services/memory/model/goal_store.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

// The most periods a streak may be long.
inline constexpr int kLongestStreak = 365;

// A day written as `YYYY-MM-DD`; nullopt where there is no such day.
std::optional<absl::CivilDay> ParseDay(const std::string& text);
// The same the other way round.
std::string FormatDay(absl::CivilDay day);

// What two active goals of a user may not share: the trimmed title, folded by NFKC_Casefold
// (Unicode Standard, 3.13), so that case and compatibility forms make no difference.
std::string TitleKey(const std::string& title);

// Whether personas are told of the goal: unless it says no.
bool IsShared(const v1::Goal& goal);

// As it is kept: title and category trimmed, active where no status is given.
v1::Goal Normalized(v1::Goal goal);

// What is wrong with a normalized goal beyond the field rules; fields are named as in a request,
// `goal.target.period`. `today`: of the user. `before`: what the goal was, null for a new one: a
// target date that has passed meanwhile may stay.
std::vector<FieldViolation> CheckGoal(const v1::Goal& goal,
                                      absl::CivilDay today,
                                      const v1::Goal* before);

// Fills in `row` value, type, day and the fields of the definition from an activity for `goal`.
// FieldErrors naming what is wrong with it: `activity.value`. `today`: of the user.
absl::Status DefineActivity(const v1::Activity& activity,
                            const v1::Goal& goal,
                            absl::CivilDay today,
                            ActivityRow& row);

// The goal as its user sees it: defaults filled in.
v1::Goal Present(const GoalRow& row);
// The activity as its user sees it.
v1::Activity Present(const ActivityRow& row);

}  // namespace dramatis::memory
