#include "services/memory/goals/goals.h"

#include <cstdint>
#include <string>
#include <utility>

#include "dramatis/memory/v1/memory.pb.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/memory/goals/goal_rules.h"
#include "services/memory/goals/progress.h"
#include "services/memory/goals/progress_insights.h"
#include "services/memory/model/versions.h"
#include "services/memory/profile/profiles.h"
#include "shared/call/if_match.h"
#include "shared/page/page_token.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::memory {
namespace {

// What page tokens are good for: this user's list with these filters.
PageScope ListScope(const CallContext& call, const v1::ListGoalsRequest& request) {
  return {call, absl::StrJoin({std::string("goals"), call.identity.user_id,
                               absl::StrCat(request.status()), absl::StrCat(request.goal_pattern()),
                               std::string(TrimSpace(request.category()))},
                              "\n")};
}

PageScope ListScope(const CallContext& call, const v1::ListActivitiesRequest& request) {
  return {call, absl::StrJoin(
                    {std::string("activities"), call.identity.user_id, request.start_date(),
                     request.end_date(), absl::StrCat(request.activity_type()), request.goal_id()},
                    "\n")};
}

absl::StatusOr<GoalQuery::Position> ReadGoalToken(const PageScope& scope,
                                                  const std::string& token) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(scope, token, 2));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(keys[0], &micros)) return CursorError("page_token");
  return GoalQuery::Position{absl::FromUnixMicros(micros), std::move(keys[1])};
}

absl::StatusOr<ActivityQuery::Position> ReadActivityToken(const PageScope& scope,
                                                          const std::string& token) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(scope, token, 2));
  const std::optional<absl::CivilDay> day = ParseDay(keys[0]);
  if (!day.has_value()) return CursorError("page_token");
  return ActivityQuery::Position{*day, std::move(keys[1])};
}

// A bound of a span of days; nullopt where it is not given.
absl::StatusOr<std::optional<absl::CivilDay>> ReadBound(const char* field,
                                                        const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::optional<absl::CivilDay> day = ParseDay(text);
  if (!day.has_value()) return FieldErrors({{field, "is no day of the calendar"}});
  return day;
}

absl::Status StatusForbids(const char* message) {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_GOAL_NOT_ACTIVE, message);
}

// Draft, active or paused.
bool IsOpen(const GoalRow& goal) {
  return goal.definition.status() != v1::GOAL_STATUS_COMPLETED &&
         goal.definition.status() != v1::GOAL_STATUS_ARCHIVED;
}

bool TakesActivities(const GoalRow& goal) {
  return goal.definition.status() == v1::GOAL_STATUS_ACTIVE ||
         goal.definition.status() == v1::GOAL_STATUS_PAUSED;
}

using Changed = absl::StatusOr<std::optional<GoalRow>>;

Changed UpdateOf(const GoalRow& goal,
                 const CallContext& call,
                 const v1::UpdateGoalRequest& request,
                 absl::CivilDay today,
                 absl::Time now) {
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(goal.version)));
  if (!IsOpen(goal)) return StatusForbids("a completed or archived goal must be restored first");
  GoalRow next = goal;
  const auto& paths = request.update_mask().paths();
  MergeFields(request.goal(), {paths.begin(), paths.end()}, next.definition);
  next.definition = Normalized(std::move(next.definition));
  const auto violations = CheckGoal(next.definition, today, &goal.definition);
  if (!violations.empty()) return FieldErrors(violations);
  next.title_key = TitleKey(next.definition.title());
  next.update_time = now;
  return next;
}

Changed CompletionOf(const GoalRow& goal, const CallContext& call, absl::Time now) {
  if (goal.definition.status() == v1::GOAL_STATUS_COMPLETED) return std::nullopt;
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(goal.version)));
  if (!TakesActivities(goal))
    return StatusForbids("only an active or paused goal can be completed");
  GoalRow next = goal;
  next.definition.set_status(v1::GOAL_STATUS_COMPLETED);
  next.complete_time = now;
  next.update_time = now;
  return next;
}

Changed RestorationOf(const GoalRow& goal, const CallContext& call, absl::Time now) {
  if (IsOpen(goal)) return std::nullopt;
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(goal.version)));
  GoalRow next = goal;
  next.definition.set_status(v1::GOAL_STATUS_ACTIVE);
  next.complete_time.reset();
  next.update_time = now;
  return next;
}

Changed ArchivalOf(const GoalRow& goal, const CallContext& call, absl::Time now) {
  if (goal.definition.status() == v1::GOAL_STATUS_ARCHIVED) return std::nullopt;
  DRAMATIS_RETURN_IF_ERROR(CheckIfMatch(call, Etag(goal.version)));
  GoalRow next = goal;
  next.definition.set_status(v1::GOAL_STATUS_ARCHIVED);
  next.update_time = now;
  return next;
}

}  // namespace

absl::StatusOr<v1::ListGoalsResponse> Goals::List(const CallContext& call,
                                                  const v1::ListGoalsRequest& request) {
  const PageScope scope = ListScope(call, request);
  GoalQuery query;
  query.user_id = call.identity.user_id;
  query.status = request.status();
  query.pattern = request.goal_pattern();
  query.category = std::string(TrimSpace(request.category()));
  query.limit = PageSize(request);
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(query.after, ReadGoalToken(scope, request.page_token()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const GoalPage page, store_.ListGoals(query));
  v1::ListGoalsResponse response;
  for (const GoalRow& row : page.goals)
    *response.add_goals() = Present(row);
  if (page.more) {
    const GoalRow& last = page.goals.back();
    response.set_next_page_token(
        EncodePageToken(scope, {absl::StrCat(absl::ToUnixMicros(last.create_time)), last.goal_id}));
  }
  return response;
}

absl::StatusOr<v1::Goal> Goals::Create(const CallContext& call,
                                       const v1::CreateGoalRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const absl::CivilDay today, TodayOf(call.identity.user_id));
  GoalRow row;
  row.user_id = call.identity.user_id;
  row.goal_id = ids_.NewId();
  // Without what is not the user's to set.
  MergeFields(request.goal(), {}, row.definition);
  row.definition = Normalized(std::move(row.definition));
  const auto violations = CheckGoal(row.definition, today, /*before=*/nullptr);
  if (!violations.empty()) return FieldErrors(violations);
  row.title_key = TitleKey(row.definition.title());
  row.create_time = clock_.Now();
  row.update_time = row.create_time;
  return store_.CreateGoal(call, request, row, kGoalQuota);
}

absl::StatusOr<v1::Goal> Goals::Get(const CallContext& call, const v1::GetGoalRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const GoalRow row,
                            store_.FindGoal(call.identity.user_id, request.goal_id()));
  return Present(row);
}

absl::StatusOr<v1::Goal> Goals::Update(const CallContext& call,
                                       const v1::UpdateGoalRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const absl::CivilDay today, TodayOf(call.identity.user_id));
  const absl::Time now = clock_.Now();
  return WithRetries([&] {
    return store_.ChangeGoal(
        call, /*method=*/"", request, request.goal_id(),
        [&](const GoalRow& goal) { return UpdateOf(goal, call, request, today, now); }, kGoalQuota);
  });
}

absl::Status Goals::Delete(const CallContext& call, const v1::DeleteGoalRequest& request) {
  const absl::Time now = clock_.Now();
  const auto archived = WithRetries([&] {
    return store_.ChangeGoal(
        call, /*method=*/"", request, request.goal_id(),
        [&](const GoalRow& goal) { return ArchivalOf(goal, call, now); }, kGoalQuota);
  });
  return archived.status();
}

absl::StatusOr<v1::Goal> Goals::Complete(const CallContext& call,
                                         const v1::CompleteGoalRequest& request) {
  const absl::Time now = clock_.Now();
  return WithRetries([&] {
    return store_.ChangeGoal(
        call, "CompleteGoal", request, request.goal_id(),
        [&](const GoalRow& goal) { return CompletionOf(goal, call, now); }, kGoalQuota);
  });
}

absl::StatusOr<v1::Goal> Goals::Restore(const CallContext& call,
                                        const v1::RestoreGoalRequest& request) {
  const absl::Time now = clock_.Now();
  return WithRetries([&] {
    return store_.ChangeGoal(
        call, "RestoreGoal", request, request.goal_id(),
        [&](const GoalRow& goal) { return RestorationOf(goal, call, now); }, kGoalQuota);
  });
}

absl::StatusOr<v1::ListActivitiesResponse> Goals::ListActivities(
    const CallContext& call, const v1::ListActivitiesRequest& request) {
  const PageScope scope = ListScope(call, request);
  ActivityQuery query;
  query.user_id = call.identity.user_id;
  query.goal_id = request.goal_id();
  DRAMATIS_ASSIGN_OR_RETURN(query.start, ReadBound("start_date", request.start_date()));
  DRAMATIS_ASSIGN_OR_RETURN(query.end, ReadBound("end_date", request.end_date()));
  if (query.start.has_value() && query.end.has_value() && *query.end < *query.start) {
    return FieldErrors({{"end_date", "must not be before `start_date`"}});
  }
  query.type = request.activity_type();
  query.limit = PageSize(request);
  if (!request.page_token().empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(query.after, ReadActivityToken(scope, request.page_token()));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const ActivityPage page, store_.ListActivities(query));
  v1::ListActivitiesResponse response;
  for (const ActivityRow& row : page.activities)
    *response.add_activities() = Present(row);
  if (page.more) {
    const ActivityRow& last = page.activities.back();
    response.set_next_page_token(EncodePageToken(scope, {FormatDay(last.day), last.activity_id}));
  }
  return response;
}

absl::StatusOr<v1::Activity> Goals::CreateActivity(const CallContext& call,
                                                   const v1::CreateActivityRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const absl::CivilDay today, TodayOf(call.identity.user_id));
  ActivityRow row;
  row.user_id = call.identity.user_id;
  row.goal_id = request.goal_id();
  row.activity_id = ids_.NewId();
  row.create_time = clock_.Now();
  return store_.AddActivity(
      call, request, request.goal_id(), [&](const GoalRow& goal) -> absl::StatusOr<ActivityRow> {
        if (!TakesActivities(goal)) {
          return StatusForbids("only an active or paused goal takes activities");
        }
        ActivityRow defined = row;
        DRAMATIS_RETURN_IF_ERROR(
            DefineActivity(request.activity(), goal.definition, today, defined));
        return defined;
      });
}

absl::StatusOr<v1::Activity> Goals::GetActivity(const CallContext& call,
                                                const v1::GetActivityRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const ActivityRow row,
      store_.FindActivity(call.identity.user_id, request.goal_id(), request.activity_id()));
  return Present(row);
}

absl::StatusOr<v1::GoalProgress> Goals::Progress(const CallContext& call,
                                                 const v1::GetGoalProgressRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(call.identity.user_id));
  DRAMATIS_ASSIGN_OR_RETURN(const GoalHistory history,
                            store_.FindHistory(call.identity.user_id, request.goal_id()));
  return ComputeProgress(history, zone, clock_.Now(), request.period());
}

absl::StatusOr<std::vector<GoalBrief>> Goals::SharedBriefs(const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<GoalHistory> histories,
                            store_.FindSharedHistories(user_id));
  std::vector<GoalBrief> briefs;
  if (histories.empty()) return briefs;
  DRAMATIS_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(user_id));
  for (const GoalHistory& history : histories) {
    const v1::Goal& goal = history.goal.definition;
    const v1::GoalProgress progress =
        ComputeProgress(history, zone, clock_.Now(), v1::PROGRESS_PERIOD_CURRENT);
    GoalBrief& brief = briefs.emplace_back();
    brief.goal_id = history.goal.goal_id;
    brief.version = history.goal.version;
    brief.title = goal.title();
    brief.pattern = goal.goal_pattern();
    brief.progress = progress.progress();
    brief.trend = progress.trend();
    brief.due = ParseDay(goal.target().target_date());
    brief.text = DescribeGoal(goal, brief.progress, brief.trend);
  }
  return briefs;
}

absl::StatusOr<absl::TimeZone> Goals::ZoneOf(const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<ProfileRow> profile,
                            profiles_.FindProfile(user_id));
  return TimeZoneOf(profile);
}

absl::StatusOr<absl::CivilDay> Goals::TodayOf(const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(user_id));
  return absl::ToCivilDay(clock_.Now(), zone);
}

}  // namespace dramatis::memory
