// Memory's tables of goals and activities on SQLite and PostgreSQL. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "services/memory/model/goal_store.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

class SqlGoalStore : public GoalStore {
 public:
  // `database` is migrated. The clock dates the uses of Idempotency-Keys.
  SqlGoalStore(sql::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  absl::StatusOr<GoalRow> FindGoal(const std::string& user_id, const std::string& goal_id) override;
  absl::StatusOr<GoalPage> ListGoals(const GoalQuery& query) override;
  absl::StatusOr<v1::Goal> CreateGoal(const CallContext& call,
                                      const google::protobuf::Message& request,
                                      const GoalRow& row,
                                      int quota) override;
  absl::StatusOr<v1::Goal> ChangeGoal(const CallContext& call,
                                      const std::string& method,
                                      const google::protobuf::Message& request,
                                      const std::string& goal_id,
                                      const GoalChange& change,
                                      int quota) override;

  absl::StatusOr<v1::Activity> AddActivity(const CallContext& call,
                                           const google::protobuf::Message& request,
                                           const std::string& goal_id,
                                           const ActivityChoice& choice) override;
  absl::StatusOr<ActivityRow> FindActivity(const std::string& user_id,
                                           const std::string& goal_id,
                                           const std::string& activity_id) override;
  absl::StatusOr<ActivityPage> ListActivities(const ActivityQuery& query) override;

  absl::StatusOr<GoalHistory> FindHistory(const std::string& user_id,
                                          const std::string& goal_id) override;
  absl::StatusOr<std::vector<GoalHistory>> FindSharedHistories(const std::string& user_id) override;

 private:
  sql::Database& database_;
  const Clock& clock_;
};

}  // namespace dramatis::memory
