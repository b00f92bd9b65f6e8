#include "services/memory/goals/goal_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/memory/model/versions.h"
#include "shared/text/text.h"
#include "shared/time/timestamps.h"
#include "unicode/normalizer2.h"
#include "unicode/unistr.h"

namespace dramatis::memory {
namespace {

// Collects what is wrong.
class Violations {
 public:
  void Add(std::string field, std::string description) {
    found_.push_back({std::move(field), std::move(description)});
  }
  void AddIf(bool wrong, const char* field, const char* description) {
    if (wrong) Add(field, description);
  }
  std::vector<FieldViolation> Take() { return std::move(found_); }

 private:
  std::vector<FieldViolation> found_;
};

void CheckPeriod(const v1::Goal& goal, Violations& violations) {
  const bool has_period = goal.target().period() != v1::GOAL_PERIOD_UNSPECIFIED;
  switch (goal.goal_pattern()) {
    case v1::GOAL_PATTERN_RECURRING:
    case v1::GOAL_PATTERN_LIMIT:
    case v1::GOAL_PATTERN_STREAK:
      return violations.AddIf(!has_period, "goal.target.period",
                              "is required for a recurring, limit or streak goal");
    case v1::GOAL_PATTERN_MILESTONE:
      return violations.AddIf(has_period, "goal.target.period",
                              "must not be set for a milestone goal");
    default:
      return;
  }
}

void CheckTargetDate(const v1::Goal& goal,
                     absl::CivilDay today,
                     const v1::Goal* before,
                     Violations& violations) {
  constexpr char kField[] = "goal.target.target_date";
  const std::string& date = goal.target().target_date();
  const v1::GoalPattern pattern = goal.goal_pattern();
  if (date.empty()) {
    const bool required =
        pattern == v1::GOAL_PATTERN_MILESTONE || pattern == v1::GOAL_PATTERN_TARGET;
    return violations.AddIf(required, kField, "is required for a milestone or target goal");
  }
  if (pattern == v1::GOAL_PATTERN_RECURRING) {
    return violations.Add(kField, "must not be set for a recurring goal");
  }
  const std::optional<absl::CivilDay> day = ParseDay(date);
  if (!day.has_value()) return violations.Add(kField, "is no day of the calendar");
  const bool is_new = before == nullptr || before->target().target_date() != date;
  violations.AddIf(is_new && *day <= today, kField, "must lie ahead of today");
}

void CheckMeasure(const v1::GoalTarget& target, Violations& violations) {
  if (!target.has_start_value()) {
    return violations.Add("goal.target.start_value", "is required for a target goal");
  }
  const double change = target.value() - target.start_value();
  constexpr char kField[] = "goal.target.direction";
  switch (target.direction()) {
    case v1::TARGET_DIRECTION_INCREASE:
      return violations.AddIf(change <= 0, kField,
                              "is increase, but the value is not above the start value");
    case v1::TARGET_DIRECTION_DECREASE:
      return violations.AddIf(change >= 0, kField,
                              "is decrease, but the value is not below the start value");
    case v1::TARGET_DIRECTION_MAINTAIN:
      return;
    default:
      return violations.AddIf(change == 0, "goal.target.start_value",
                              "must differ from the value unless the direction is maintain");
  }
}

void CheckRange(const v1::GoalTarget& target, Violations& violations) {
  const bool is_range = target.target_type() == v1::TARGET_TYPE_RANGE;
  violations.AddIf(is_range && !target.has_min_value(), "goal.target.min_value",
                   "is required for target type range");
  violations.AddIf(is_range && !target.has_max_value(), "goal.target.max_value",
                   "is required for target type range");
  violations.AddIf(
      target.has_min_value() && target.has_max_value() && target.max_value() < target.min_value(),
      "goal.target.max_value", "must not be less than min_value");
}

// The day an activity counts for; nullopt where it may not.
std::optional<absl::CivilDay> ActivityDayOf(const v1::Activity& activity,
                                            absl::CivilDay today,
                                            Violations& violations) {
  constexpr char kField[] = "activity.activity_date";
  constexpr absl::CivilDay kEarliest(1970, 1, 1);
  if (activity.activity_date().empty()) return today;
  const std::optional<absl::CivilDay> day = ParseDay(activity.activity_date());
  if (!day.has_value()) {
    violations.Add(kField, "is no day of the calendar");
  } else {
    violations.AddIf(*day > today + 1, kField, "must not lie ahead of today");
    violations.AddIf(*day < kEarliest, kField, "must not be before 1970");
  }
  return day;
}

double ActivityValue(const v1::Activity& activity,
                     const v1::Goal& goal,
                     v1::ActivityType type,
                     Violations& violations) {
  constexpr char kField[] = "activity.value";
  const bool is_measure = goal.goal_pattern() == v1::GOAL_PATTERN_TARGET;
  if (type == v1::ACTIVITY_TYPE_SKIPPED) {
    violations.AddIf(activity.value() != 0, kField, "must not be set for a skipped activity");
    return 0;
  }
  if (activity.has_value()) {
    violations.AddIf(activity.value() < 0 && !is_measure, kField,
                     "must not be negative but for a target goal");
    return activity.value();
  }
  const bool is_once =
      type == v1::ACTIVITY_TYPE_COMPLETED || goal.goal_pattern() == v1::GOAL_PATTERN_STREAK;
  violations.AddIf(is_measure || !is_once, kField, "is required");
  return 1;
}

}  // namespace

std::optional<absl::CivilDay> ParseDay(const std::string& text) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(text, &day) || FormatDay(day) != text) return std::nullopt;
  return day;
}

std::string FormatDay(absl::CivilDay day) {
  return absl::FormatCivilTime(day);
}

std::string TitleKey(const std::string& title) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  const std::string trimmed(TrimSpace(title));
  if (U_FAILURE(error)) return AsciiLower(trimmed);
  const icu::UnicodeString folded = fold->normalize(icu::UnicodeString::fromUTF8(trimmed), error);
  if (U_FAILURE(error)) return AsciiLower(trimmed);
  std::string key;
  folded.toUTF8String(key);
  return std::string(TrimSpace(key));
}

bool IsShared(const v1::Goal& goal) {
  return !goal.has_share_with_personas() || goal.share_with_personas();
}

v1::Goal Normalized(v1::Goal goal) {
  goal.set_title(std::string(TrimSpace(goal.title())));
  goal.set_category(std::string(TrimSpace(goal.category())));
  if (goal.status() == v1::GOAL_STATUS_UNSPECIFIED) goal.set_status(v1::GOAL_STATUS_ACTIVE);
  return goal;
}

std::vector<FieldViolation> CheckGoal(const v1::Goal& goal,
                                      absl::CivilDay today,
                                      const v1::Goal* before) {
  Violations violations;
  const v1::GoalTarget& target = goal.target();
  const std::string& title = goal.title();
  violations.AddIf(
      std::any_of(title.begin(), title.end(), [](char c) { return absl::ascii_iscntrl(c); }),
      "goal.title", "must be one line without control characters");
  violations.AddIf(
      goal.status() == v1::GOAL_STATUS_COMPLETED || goal.status() == v1::GOAL_STATUS_ARCHIVED,
      "goal.status", "must be draft, active or paused: complete or delete the goal instead");
  violations.AddIf(target.value() <= 0, "goal.target.value", "must be more than 0");
  if (goal.goal_pattern() == v1::GOAL_PATTERN_STREAK && target.value() > kLongestStreak) {
    violations.Add("goal.target.value", absl::StrCat("must be at most ", kLongestStreak));
  }
  CheckPeriod(goal, violations);
  CheckTargetDate(goal, today, before, violations);
  CheckRange(target, violations);
  if (goal.goal_pattern() == v1::GOAL_PATTERN_TARGET) CheckMeasure(target, violations);
  return violations.Take();
}

absl::Status DefineActivity(const v1::Activity& activity,
                            const v1::Goal& goal,
                            absl::CivilDay today,
                            ActivityRow& row) {
  Violations violations;
  row.type = activity.activity_type() == v1::ACTIVITY_TYPE_UNSPECIFIED ? v1::ACTIVITY_TYPE_PROGRESS
                                                                       : activity.activity_type();
  row.value = ActivityValue(activity, goal, row.type, violations);
  row.day = ActivityDayOf(activity, today, violations).value_or(today);
  const std::string& unit = goal.target().unit();
  const std::string given(TrimSpace(activity.unit()));
  if (!given.empty() && given != TrimSpace(unit)) {
    violations.Add("activity.unit", unit.empty() ? "must not be set: the goal has no unit"
                                                 : "must be the unit of the goal");
  }
  row.definition.set_unit(unit);
  row.definition.set_note(activity.note());
  if (activity.has_context()) *row.definition.mutable_context() = activity.context();
  const std::vector<FieldViolation> found = violations.Take();
  return found.empty() ? absl::OkStatus() : FieldErrors(found);
}

v1::Goal Present(const GoalRow& row) {
  v1::Goal goal = row.definition;
  goal.set_goal_id(row.goal_id);
  v1::GoalTarget& target = *goal.mutable_target();
  if (target.metric() == v1::GOAL_METRIC_UNSPECIFIED) target.set_metric(v1::GOAL_METRIC_COUNT);
  if (goal.goal_pattern() == v1::GOAL_PATTERN_RECURRING &&
      target.target_type() == v1::TARGET_TYPE_UNSPECIFIED) {
    target.set_target_type(v1::TARGET_TYPE_MINIMUM);
  }
  if (goal.visibility() == v1::GOAL_VISIBILITY_UNSPECIFIED) {
    goal.set_visibility(v1::GOAL_VISIBILITY_PRIVATE);
  }
  goal.set_share_with_personas(IsShared(goal));
  goal.set_etag(Etag(row.version));
  *goal.mutable_create_time() = ToTimestamp(row.create_time);
  *goal.mutable_update_time() = ToTimestamp(row.update_time);
  if (row.complete_time.has_value()) {
    *goal.mutable_complete_time() = ToTimestamp(*row.complete_time);
  }
  return goal;
}

v1::Activity Present(const ActivityRow& row) {
  v1::Activity activity = row.definition;
  activity.set_activity_id(row.activity_id);
  activity.set_goal_id(row.goal_id);
  activity.set_value(row.value);
  activity.set_activity_type(row.type);
  activity.set_activity_date(FormatDay(row.day));
  *activity.mutable_create_time() = ToTimestamp(row.create_time);
  return activity;
}

}  // namespace dramatis::memory
