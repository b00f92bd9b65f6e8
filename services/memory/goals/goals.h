// The use cases of goals: what a user wants to reach, what was done for it, and how far it has
// come. A goal belongs to its user; anybody else, admins too, is told that there is none. Days are
// those of the time zone in the user's profile. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/goals.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "services/memory/model/goal_store.h"
#include "services/memory/model/store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

// The most active goals a user may have.
inline constexpr int kGoalQuota = 50;

// A goal in a few words, for a prompt.
struct GoalBrief {
  std::string goal_id;
  int version = 1;
  std::string title;
  v1::GoalPattern pattern = v1::GOAL_PATTERN_UNSPECIFIED;
  // Percent, 0 to 100.
  double progress = 0;
  v1::ProgressTrend trend = v1::PROGRESS_TREND_STABLE;
  std::optional<absl::CivilDay> due;
  // All of it as one sentence in English.
  std::string text;
};

class Goals {
 public:
  // `profiles`: whose profiles hold the users' time zones.
  Goals(GoalStore& store, Store& profiles, const Clock& clock, IdSource& ids)
      : store_(store), profiles_(profiles), clock_(clock), ids_(ids) {}

  // INVALID_CURSOR.
  absl::StatusOr<v1::ListGoalsResponse> List(const CallContext& call,
                                             const v1::ListGoalsRequest& request);
  // GOAL_QUOTA_EXCEEDED, GOAL_TITLE_TAKEN, IDEMPOTENCY_KEY_REUSED.
  absl::StatusOr<v1::Goal> Create(const CallContext& call, const v1::CreateGoalRequest& request);
  // NOT_FOUND.
  absl::StatusOr<v1::Goal> Get(const CallContext& call, const v1::GetGoalRequest& request);
  // Changes the fields that the mask names, or those that are set where it is empty. NOT_FOUND,
  // ETAG_MISMATCH, GOAL_NOT_ACTIVE, GOAL_QUOTA_EXCEEDED, GOAL_TITLE_TAKEN.
  absl::StatusOr<v1::Goal> Update(const CallContext& call, const v1::UpdateGoalRequest& request);
  // Archives. NOT_FOUND, ETAG_MISMATCH.
  absl::Status Delete(const CallContext& call, const v1::DeleteGoalRequest& request);
  // NOT_FOUND, ETAG_MISMATCH, GOAL_NOT_ACTIVE, IDEMPOTENCY_KEY_REUSED.
  absl::StatusOr<v1::Goal> Complete(const CallContext& call,
                                    const v1::CompleteGoalRequest& request);
  // NOT_FOUND, ETAG_MISMATCH, GOAL_QUOTA_EXCEEDED, GOAL_TITLE_TAKEN, IDEMPOTENCY_KEY_REUSED.
  absl::StatusOr<v1::Goal> Restore(const CallContext& call, const v1::RestoreGoalRequest& request);

  // NOT_FOUND, INVALID_CURSOR.
  absl::StatusOr<v1::ListActivitiesResponse> ListActivities(
      const CallContext& call, const v1::ListActivitiesRequest& request);
  // NOT_FOUND, GOAL_NOT_ACTIVE, IDEMPOTENCY_KEY_REUSED.
  absl::StatusOr<v1::Activity> CreateActivity(const CallContext& call,
                                              const v1::CreateActivityRequest& request);
  // NOT_FOUND.
  absl::StatusOr<v1::Activity> GetActivity(const CallContext& call,
                                           const v1::GetActivityRequest& request);
  // NOT_FOUND.
  absl::StatusOr<v1::GoalProgress> Progress(const CallContext& call,
                                            const v1::GetGoalProgressRequest& request);

  // For recall: the user's active goals that are shared with personas, newest first.
  absl::StatusOr<std::vector<GoalBrief>> SharedBriefs(const std::string& user_id);

 private:
  absl::StatusOr<absl::TimeZone> ZoneOf(const std::string& user_id);
  absl::StatusOr<absl::CivilDay> TodayOf(const std::string& user_id);

  GoalStore& store_;
  Store& profiles_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace dramatis::memory
