// What is worth knowing of a goal's progress, in English sentences. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/goals.pb.h"

#include "absl/time/civil_time.h"
#include "services/memory/goals/progress.h"

namespace dramatis::memory {

// What has been computed of a goal at one moment.
struct ProgressFacts {
  // Of the user's calendar.
  absl::CivilDay created;
  absl::CivilDay today;
  double percent = 0;
  double current = 0;
  // Of goals with a period.
  Streak streak;
  // Of recurring and limit goals.
  std::optional<PeriodShare> share;
  std::optional<absl::CivilDay> last_entry;
  std::optional<absl::CivilDay> projected;
};

// The name of a pattern, as `recurring`.
std::string PatternName(v1::GoalPattern pattern);

// At most three, the most useful first.
std::vector<std::string> Insights(const v1::Goal& goal, const ProgressFacts& facts);

// The goal and its progress as one sentence, for a persona: `Goal "Read 12 books" (milestone): 42 %
// done, trend up, due 2027-12-31.`
std::string DescribeGoal(const v1::Goal& goal, double percent, v1::ProgressTrend trend);

}  // namespace dramatis::memory
