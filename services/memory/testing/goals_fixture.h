// Goals and days for the tests of goals.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "dramatis/memory/v1/goals.pb.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "services/memory/goals/goal_rules.h"
#include "services/memory/model/goal_store.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

// A goal that holds what its pattern needs, and no more: 10 km a day, 100 km, from 80 to 70 kg, 30
// days in a row, at most 2 a day.
inline v1::Goal GoodGoal(v1::GoalPattern pattern, absl::CivilDay today) {
  v1::Goal goal;
  goal.set_title("A goal");
  goal.set_category("tests");
  goal.set_goal_pattern(pattern);
  v1::GoalTarget& target = *goal.mutable_target();
  switch (pattern) {
    case v1::GOAL_PATTERN_MILESTONE:
      target.set_value(100);
      target.set_target_date(FormatDay(today + 100));
      break;
    case v1::GOAL_PATTERN_TARGET:
      target.set_value(70);
      target.set_start_value(80);
      target.set_target_date(FormatDay(today + 100));
      break;
    case v1::GOAL_PATTERN_STREAK:
      target.set_value(30);
      target.set_period(v1::GOAL_PERIOD_DAY);
      break;
    case v1::GOAL_PATTERN_LIMIT:
      target.set_value(2);
      target.set_period(v1::GOAL_PERIOD_DAY);
      break;
    default:
      target.set_value(10);
      target.set_unit("km");
      target.set_period(v1::GOAL_PERIOD_DAY);
  }
  return goal;
}

// A day with these entries.
inline ActivityDay DayOf(absl::CivilDay day, const std::vector<double>& values) {
  ActivityDay sum;
  sum.day = day;
  for (const double value : values) {
    sum.least = sum.entries == 0 ? value : std::min(sum.least, value);
    sum.greatest = sum.entries == 0 ? value : std::max(sum.greatest, value);
    ++sum.entries;
    sum.total += value;
  }
  return sum;
}

// A day on which all was skipped.
inline ActivityDay SkippedDay(absl::CivilDay day) {
  ActivityDay skipped;
  skipped.day = day;
  skipped.skipped = 1;
  return skipped;
}

// The fields that an error names, in its order.
inline std::vector<std::string> ViolatedFields(const absl::Status& status) {
  std::vector<std::string> fields;
  const auto bad_request = GetBadRequest(status);
  if (!bad_request.has_value()) return fields;
  for (const auto& violation : bad_request->field_violations())
    fields.push_back(violation.field());
  return fields;
}

}  // namespace dramatis::memory
