// What memory keeps of goals and activities, in its own words, and the promises of whoever keeps
// it.
//
// Everything belongs to one user and is found under that user's id only. Every function is one
// transaction: all of it happens or none. Thread-safe. Besides the errors named here, any function
// may answer UNAVAILABLE (the database is away), ABORTED (writers met too often) and INTERNAL.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/goals.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "shared/call/call.h"

namespace dramatis::memory {

// One goal at its current version.
struct GoalRow {
  std::string user_id;
  std::string goal_id;
  // The fields that are the user's to set, with title, category and status as they apply.
  v1::Goal definition;
  // What two active goals of a user may not share.
  std::string title_key;
  int version = 1;
  absl::Time create_time;
  absl::Time update_time;
  // Set while the goal is completed.
  std::optional<absl::Time> complete_time;

  bool IsActive() const { return definition.status() == v1::GOAL_STATUS_ACTIVE; }
};

// Something done for a goal.
struct ActivityRow {
  std::string user_id;
  std::string goal_id;
  std::string activity_id;
  double value = 0;
  v1::ActivityType type = v1::ACTIVITY_TYPE_PROGRESS;
  absl::CivilDay day;
  // Unit, note and context; the rest stands above.
  v1::Activity definition;
  absl::Time create_time;
};

// Which goals of a user, newest first. Filters that are unset let everything pass.
struct GoalQuery {
  std::string user_id;
  // Unspecified: all but archived ones.
  v1::GoalStatus status = v1::GOAL_STATUS_UNSPECIFIED;
  v1::GoalPattern pattern = v1::GOAL_PATTERN_UNSPECIFIED;
  std::string category;
  // The last goal of the page before: only those after it.
  struct Position {
    absl::Time create_time;
    std::string goal_id;
  };
  std::optional<Position> after;
  int limit = 20;
};

struct GoalPage {
  std::vector<GoalRow> goals;
  // There are more after the last one.
  bool more = false;
};

// Which activities of a goal, the latest day first, of one day the one recorded last.
struct ActivityQuery {
  std::string user_id;
  std::string goal_id;
  // Only from `start` on and before `end`.
  std::optional<absl::CivilDay> start;
  std::optional<absl::CivilDay> end;
  v1::ActivityType type = v1::ACTIVITY_TYPE_UNSPECIFIED;
  // The last activity of the page before: only those after it.
  struct Position {
    absl::CivilDay day;
    std::string activity_id;
  };
  std::optional<Position> after;
  int limit = 20;
};

struct ActivityPage {
  std::vector<ActivityRow> activities;
  // There are more after the last one.
  bool more = false;
};

// All activities of a goal on one day, added up.
struct ActivityDay {
  absl::CivilDay day;
  // Of those that are not skipped: their number, sum, least and greatest value.
  int entries = 0;
  double total = 0;
  double least = 0;
  double greatest = 0;
  int skipped = 0;

  bool operator==(const ActivityDay&) const = default;
};

// A goal and everything done for it, of one moment.
struct GoalHistory {
  GoalRow goal;
  // The days with an activity, earliest first.
  std::vector<ActivityDay> days;
  // The values of the last entries that are not skipped, five at most, earliest first.
  std::vector<double> latest;
};

class GoalStore {
 public:
  // Says what becomes of a goal as it is; nullopt leaves it so. Pure: may be asked again.
  using GoalChange = std::function<absl::StatusOr<std::optional<GoalRow>>(const GoalRow&)>;
  // Says what to record for a goal as it is. Pure: may be asked again.
  using ActivityChoice = std::function<absl::StatusOr<ActivityRow>(const GoalRow&)>;

  virtual ~GoalStore() = default;

  // NOT_FOUND.
  virtual absl::StatusOr<GoalRow> FindGoal(const std::string& user_id,
                                           const std::string& goal_id) = 0;
  // A page of goals. The order is total: by create time and id, both descending. Rows written
  // meanwhile neither repeat nor hide others.
  virtual absl::StatusOr<GoalPage> ListGoals(const GoalQuery& query) = 0;
  // Adds a goal and gives it back as its user sees it. Where the call's Idempotency-Key came before
  // with this request, adds nothing, gives the first answer back and marks the call replayed.
  // GOAL_QUOTA_EXCEEDED if it is active and the user has `quota` active ones; GOAL_TITLE_TAKEN if
  // it is active and another active one has its title; IDEMPOTENCY_KEY_REUSED.
  virtual absl::StatusOr<v1::Goal> CreateGoal(const CallContext& call,
                                              const google::protobuf::Message& request,
                                              const GoalRow& row,
                                              int quota) = 0;
  // Writes what `change` makes of the goal as its next version and gives that back as its user sees
  // it; writes nothing where the goal is left as it is. `method` names the RPC whose
  // Idempotency-Key this is, and is empty for one that has none; otherwise as CreateGoal.
  // NOT_FOUND, the errors of `change`; ABORTED, CONFLICT if another writer came between.
  virtual absl::StatusOr<v1::Goal> ChangeGoal(const CallContext& call,
                                              const std::string& method,
                                              const google::protobuf::Message& request,
                                              const std::string& goal_id,
                                              const GoalChange& change,
                                              int quota) = 0;

  // Records what `choice` says and gives it back as its user sees it; no change of the goal comes
  // between. The Idempotency-Key as in CreateGoal. NOT_FOUND for the goal, the errors of `choice`.
  virtual absl::StatusOr<v1::Activity> AddActivity(const CallContext& call,
                                                   const google::protobuf::Message& request,
                                                   const std::string& goal_id,
                                                   const ActivityChoice& choice) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<ActivityRow> FindActivity(const std::string& user_id,
                                                   const std::string& goal_id,
                                                   const std::string& activity_id) = 0;
  // A page of activities, as ListGoals. NOT_FOUND for the goal.
  virtual absl::StatusOr<ActivityPage> ListActivities(const ActivityQuery& query) = 0;

  // A goal with all of its activities, however many. NOT_FOUND.
  virtual absl::StatusOr<GoalHistory> FindHistory(const std::string& user_id,
                                                  const std::string& goal_id) = 0;
  // The same of every active goal that is shared with personas, newest first.
  virtual absl::StatusOr<std::vector<GoalHistory>> FindSharedHistories(
      const std::string& user_id) = 0;
};

}  // namespace dramatis::memory
