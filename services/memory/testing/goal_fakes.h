// A store of goals in memory, for this service's tests: keeps the promises of model/goal_store.h,
// one caller at a time.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "dramatis/memory/v1/memory.pb.h"

#include "services/memory/goals/goal_rules.h"
#include "services/memory/model/goal_store.h"
#include "shared/status/errors.h"

namespace dramatis::memory {

class FakeGoalStore : public GoalStore {
 public:
  // Returned by every call while it is set.
  absl::Status error;
  // That many changes of a goal meet another writer first.
  int conflicts = 0;

  absl::StatusOr<GoalRow> FindGoal(const std::string& user_id,
                                   const std::string& goal_id) override {
    if (!error.ok()) return error;
    const auto found = goals_.find({user_id, goal_id});
    if (found == goals_.end()) return NotFoundError("goal");
    return found->second;
  }

  absl::StatusOr<GoalPage> ListGoals(const GoalQuery& query) override {
    if (!error.ok()) return error;
    GoalPage page;
    for (const auto& [key, row] : goals_)
      if (Matches(query, row)) page.goals.push_back(row);
    std::sort(page.goals.begin(), page.goals.end(), [](const GoalRow& a, const GoalRow& b) {
      return std::tie(a.create_time, a.goal_id) > std::tie(b.create_time, b.goal_id);
    });
    page.more = page.goals.size() > static_cast<size_t>(query.limit);
    if (page.more) page.goals.resize(query.limit);
    return page;
  }

  absl::StatusOr<v1::Goal> CreateGoal(const CallContext& call,
                                      const google::protobuf::Message& request,
                                      const GoalRow& row,
                                      int quota) override {
    return Once<v1::Goal>(call, "CreateGoal", request, [&]() -> absl::StatusOr<v1::Goal> {
      if (absl::Status allowed = CheckActive(row, quota); !allowed.ok()) return allowed;
      goals_[{row.user_id, row.goal_id}] = row;
      return Present(row);
    });
  }

  absl::StatusOr<v1::Goal> ChangeGoal(const CallContext& call,
                                      const std::string& method,
                                      const google::protobuf::Message& request,
                                      const std::string& goal_id,
                                      const GoalChange& change,
                                      int quota) override {
    return Once<v1::Goal>(call, method, request, [&]() -> absl::StatusOr<v1::Goal> {
      absl::StatusOr<GoalRow> goal = FindGoal(call.identity.user_id, goal_id);
      if (!goal.ok()) return goal.status();
      absl::StatusOr<std::optional<GoalRow>> next = change(*goal);
      if (!next.ok()) return next.status();
      if (!next->has_value()) return Present(*goal);
      if (conflicts > 0) {
        --conflicts;
        return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT, "a writer");
      }
      if (absl::Status allowed = CheckActive(**next, quota); !allowed.ok()) return allowed;
      ++(*next)->version;
      goals_[{goal->user_id, goal_id}] = **next;
      return Present(**next);
    });
  }

  absl::StatusOr<v1::Activity> AddActivity(const CallContext& call,
                                           const google::protobuf::Message& request,
                                           const std::string& goal_id,
                                           const ActivityChoice& choice) override {
    return Once<v1::Activity>(
        call, "CreateActivity", request, [&]() -> absl::StatusOr<v1::Activity> {
          absl::StatusOr<GoalRow> goal = FindGoal(call.identity.user_id, goal_id);
          if (!goal.ok()) return goal.status();
          absl::StatusOr<ActivityRow> row = choice(*goal);
          if (!row.ok()) return row.status();
          activities_.push_back(*row);
          return Present(*row);
        });
  }

  absl::StatusOr<ActivityRow> FindActivity(const std::string& user_id,
                                           const std::string& goal_id,
                                           const std::string& activity_id) override {
    if (!error.ok()) return error;
    for (const ActivityRow& row : activities_) {
      const bool is_it = std::tie(row.user_id, row.goal_id, row.activity_id) ==
                         std::tie(user_id, goal_id, activity_id);
      if (is_it) return row;
    }
    return NotFoundError("activity");
  }

  absl::StatusOr<ActivityPage> ListActivities(const ActivityQuery& query) override {
    if (absl::StatusOr<GoalRow> goal = FindGoal(query.user_id, query.goal_id); !goal.ok()) {
      return goal.status();
    }
    ActivityPage page;
    for (const ActivityRow& row : Latest(query.user_id, query.goal_id)) {
      const bool is_after =
          !query.after.has_value() ||
          std::tie(row.day, row.activity_id) < std::tie(query.after->day, query.after->activity_id);
      const bool is_meant = (!query.start || row.day >= *query.start) &&
                            (!query.end || row.day < *query.end) &&
                            (query.type == v1::ACTIVITY_TYPE_UNSPECIFIED || row.type == query.type);
      if (is_after && is_meant) page.activities.push_back(row);
    }
    page.more = page.activities.size() > static_cast<size_t>(query.limit);
    if (page.more) page.activities.resize(query.limit);
    return page;
  }

  absl::StatusOr<GoalHistory> FindHistory(const std::string& user_id,
                                          const std::string& goal_id) override {
    absl::StatusOr<GoalRow> goal = FindGoal(user_id, goal_id);
    if (!goal.ok()) return goal.status();
    return HistoryOf(*goal);
  }

  absl::StatusOr<std::vector<GoalHistory>> FindSharedHistories(
      const std::string& user_id) override {
    GoalQuery query;
    query.user_id = user_id;
    query.status = v1::GOAL_STATUS_ACTIVE;
    query.limit = static_cast<int>(goals_.size()) + 1;
    absl::StatusOr<GoalPage> page = ListGoals(query);
    if (!page.ok()) return page.status();
    std::vector<GoalHistory> histories;
    for (const GoalRow& goal : page->goals)
      if (IsShared(goal.definition)) histories.push_back(HistoryOf(goal));
    return histories;
  }

 private:
  static bool Matches(const GoalQuery& query, const GoalRow& row) {
    const v1::Goal& goal = row.definition;
    const bool has_status = query.status == v1::GOAL_STATUS_UNSPECIFIED
                                ? goal.status() != v1::GOAL_STATUS_ARCHIVED
                                : goal.status() == query.status;
    const bool has_pattern =
        query.pattern == v1::GOAL_PATTERN_UNSPECIFIED || goal.goal_pattern() == query.pattern;
    const bool has_category = query.category.empty() || goal.category() == query.category;
    const bool is_after =
        !query.after.has_value() || std::tie(row.create_time, row.goal_id) <
                                        std::tie(query.after->create_time, query.after->goal_id);
    return row.user_id == query.user_id && has_status && has_pattern && has_category && is_after;
  }

  // Whether the goal may be as active as it says.
  absl::Status CheckActive(const GoalRow& row, int quota) const {
    if (!row.IsActive()) return absl::OkStatus();
    int others = 0;
    for (const auto& [key, other] : goals_) {
      if (other.user_id != row.user_id || other.goal_id == row.goal_id || !other.IsActive()) {
        continue;
      }
      ++others;
      if (other.title_key == row.title_key) {
        return Error(absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_GOAL_TITLE_TAKEN, "taken");
      }
    }
    if (others < quota) return absl::OkStatus();
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_GOAL_QUOTA_EXCEEDED,
                 "too many");
  }

  template <class Answer>
  absl::StatusOr<Answer> Once(const CallContext& call,
                              const std::string& method,
                              const google::protobuf::Message& request,
                              const std::function<absl::StatusOr<Answer>()>& work) {
    if (!error.ok()) return error;
    const bool has_key = !method.empty() && !call.idempotency_key.empty();
    const auto use = std::make_tuple(call.identity.user_id, method, call.idempotency_key);
    const std::string asked = request.SerializeAsString();
    if (const auto used = answers_.find(use); has_key && used != answers_.end()) {
      Answer answer;
      answer.ParseFromString(used->second.second);
      if (used->second.first == asked) return answer;
      return Error(absl::StatusCode::kAlreadyExists,
                   errors::v1::ERROR_REASON_IDEMPOTENCY_KEY_REUSED, "used for another request");
    }
    absl::StatusOr<Answer> answer = work();
    if (has_key && answer.ok()) answers_[use] = {asked, answer->SerializeAsString()};
    return answer;
  }

  // The latest day first.
  std::vector<ActivityRow> Latest(const std::string& user_id, const std::string& goal_id) const {
    std::vector<ActivityRow> rows;
    for (const ActivityRow& row : activities_)
      if (row.user_id == user_id && row.goal_id == goal_id) rows.push_back(row);
    std::sort(rows.begin(), rows.end(), [](const ActivityRow& a, const ActivityRow& b) {
      return std::tie(a.day, a.activity_id) > std::tie(b.day, b.activity_id);
    });
    return rows;
  }

  GoalHistory HistoryOf(const GoalRow& goal) const {
    constexpr size_t kLatest = 5;
    GoalHistory history;
    history.goal = goal;
    std::map<absl::CivilDay, ActivityDay> days;
    for (const ActivityRow& row : Latest(goal.user_id, goal.goal_id)) {
      ActivityDay& day = days[row.day];
      day.day = row.day;
      if (row.type == v1::ACTIVITY_TYPE_SKIPPED) {
        ++day.skipped;
        continue;
      }
      day.least = day.entries == 0 ? row.value : std::min(day.least, row.value);
      day.greatest = day.entries == 0 ? row.value : std::max(day.greatest, row.value);
      ++day.entries;
      day.total += row.value;
      if (history.latest.size() < kLatest) {
        history.latest.insert(history.latest.begin(), row.value);
      }
    }
    for (const auto& [day, sum] : days)
      history.days.push_back(sum);
    return history;
  }

  std::map<std::pair<std::string, std::string>, GoalRow> goals_;
  std::vector<ActivityRow> activities_;
  // By user, method and key: what was asked, what was answered.
  std::map<std::tuple<std::string, std::string, std::string>, std::pair<std::string, std::string>>
      answers_;
};

}  // namespace dramatis::memory
