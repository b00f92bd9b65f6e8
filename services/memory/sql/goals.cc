#include "services/memory/sql/goals.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "dramatis/memory/v1/memory.pb.h"

#include "services/memory/goals/goal_rules.h"
#include "services/memory/model/versions.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::memory {
namespace {

using sql::Bytes;
using sql::IdempotencyClaim;
using sql::Row;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Numbers of enumerators in the statements: status 2 active, 5 archived; activity type 3 skipped.
static_assert(v1::GOAL_STATUS_ACTIVE == 2 && v1::GOAL_STATUS_ARCHIVED == 5);
static_assert(v1::ACTIVITY_TYPE_SKIPPED == 3);

constexpr Statement kFindGoal = {R"(
    select user_id, goal_id, title_key, definition, version, create_time, update_time, complete_time
    from goals
    where user_id = $1 and goal_id = $2)"};

// $2 status, $3 pattern, $4 category, each 0 or empty for all (but no archived goals); $5, $6 the
// last row of the page before; $7 how many.
constexpr Statement kListGoals = {R"(
    select user_id, goal_id, title_key, definition, version, create_time, update_time, complete_time
    from goals
    where user_id = $1
      and (status = $2 or (cast($2 as bigint) = 0 and status <> 5))
      and (cast($3 as bigint) = 0 or pattern = $3)
      and (cast($4 as text) = '' or category = $4)
      and (create_time, goal_id) < (cast($5 as bigint), cast($6 as text))
    order by create_time desc, goal_id desc
    limit cast($7 as bigint))"};

constexpr Statement kInsertGoal = {R"(
    insert into goals (user_id, goal_id, title_key, status, pattern, category, shared, definition,
                       version, create_time, update_time)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10))"};

constexpr Statement kUpdateGoal = {R"(
    update goals
    set title_key = $3, status = $4, category = $5, shared = $6, definition = $7, update_time = $8,
        complete_time = $9, version = version + 1
    where user_id = $1 and goal_id = $2 and version = $10)"};

// Takes the row's lock without changing it, so that no change comes before what follows is written.
constexpr Statement kLockGoal = {R"(
    update goals
    set version = version
    where user_id = $1 and goal_id = $2
    returning user_id, goal_id, title_key, definition, version, create_time, update_time,
              complete_time)"};

constexpr Statement kCountGoalsUp = {R"(
    insert into goal_counts (user_id, active)
    values ($1, 1)
    on conflict (user_id) do update
    set active = goal_counts.active + 1
    where goal_counts.active < $2)"};

constexpr Statement kCountGoalsDown = {R"(
    update goal_counts
    set active = active - 1
    where user_id = $1)"};

constexpr Statement kInsertActivity = {R"(
    insert into activities (user_id, goal_id, activity_id, type, value, day, definition,
                            create_time)
    values ($1, $2, $3, $4, $5, $6, $7, $8))"};

// A day's first activity, or one more of it. The goal's row is locked, so no other comes between.
constexpr Statement kAddToDay = {R"(
    insert into activity_days (user_id, goal_id, day, entries, total, least, greatest, skipped)
    values ($1, $2, $3, $4, $5, $5, $5, $6)
    on conflict (user_id, goal_id, day) do update
    set entries = activity_days.entries + excluded.entries,
        total = activity_days.total + excluded.total,
        least = case
          when excluded.entries = 0 then activity_days.least
          when activity_days.entries = 0 or excluded.least < activity_days.least
            then excluded.least
          else activity_days.least end,
        greatest = case
          when excluded.entries = 0 then activity_days.greatest
          when activity_days.entries = 0 or excluded.greatest > activity_days.greatest
            then excluded.greatest
          else activity_days.greatest end,
        skipped = activity_days.skipped + excluded.skipped)"};

constexpr Statement kFindActivity = {R"(
    select user_id, goal_id, activity_id, type, value, day, definition, create_time
    from activities
    where user_id = $1 and goal_id = $2 and activity_id = $3)"};

// $3, $4 from which day and before which; $5 type, 0 for all; $6, $7 the last row of the page
// before; $8 how many.
constexpr Statement kListActivities = {R"(
    select user_id, goal_id, activity_id, type, value, day, definition, create_time
    from activities
    where user_id = $1 and goal_id = $2
      and day >= cast($3 as bigint) and day < cast($4 as bigint)
      and (cast($5 as bigint) = 0 or type = $5)
      and (day, activity_id) < (cast($6 as bigint), cast($7 as text))
    order by day desc, activity_id desc
    limit cast($8 as bigint))"};

// Histories: $2 names a goal, or is empty for every active one that is shared.
constexpr Statement kHistoryGoals = {R"(
    select user_id, goal_id, title_key, definition, version, create_time, update_time, complete_time
    from goals
    where user_id = $1
      and (goal_id = $2 or (cast($2 as text) = '' and status = 2 and shared))
    order by create_time desc, goal_id desc)"};

// The goals first, in both engines: of a user's days most may be of archived goals.
constexpr Statement kHistoryDays = {R"(
    select d.goal_id, d.day, d.entries, d.total, d.least, d.greatest, d.skipped
    from goals g
    cross join activity_days d
    where g.user_id = $1
      and (g.goal_id = $2 or (cast($2 as text) = '' and g.status = 2 and g.shared))
      and d.user_id = $1 and d.goal_id = g.goal_id
    order by d.goal_id, d.day)"};

// At least the last five entries of each goal, where it has so many: those of the days since the
// fifth last.
constexpr Statement kHistoryLatest = {R"(
    with chosen as materialized (
      select g.goal_id,
             (select min(l.day)
              from (
                select f.day
                from activities f
                where f.user_id = $1 and f.goal_id = g.goal_id and f.type <> 3
                order by f.day desc, f.activity_id desc
                limit 5) l) as since
      from goals g
      where g.user_id = $1
        and (g.goal_id = $2 or (cast($2 as text) = '' and g.status = 2 and g.shared))
    )
    select a.goal_id, a.value
    from chosen c
    cross join activities a
    where a.user_id = $1 and a.goal_id = c.goal_id and a.day >= c.since and a.type <> 3
    order by a.goal_id, a.day, a.activity_id)"};

constexpr absl::CivilDay kEpoch(1970, 1, 1);

// Values that a trend is made of.
constexpr size_t kMostLatest = 5;

int64_t DayNumber(absl::CivilDay day) {
  return day - kEpoch;
}

absl::Status QuotaError(int quota) {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_GOAL_QUOTA_EXCEEDED,
               "you have as many active goals as are allowed", {{"quota", std::to_string(quota)}});
}

absl::Status TitleError() {
  return Error(absl::StatusCode::kAlreadyExists, v1::ERROR_REASON_GOAL_TITLE_TAKEN,
               "you have an active goal of this title");
}

absl::StatusOr<GoalRow> ReadGoal(const Row& row) {
  GoalRow goal;
  goal.user_id = row.Text(0);
  goal.goal_id = row.Text(1);
  goal.title_key = row.Text(2);
  if (!goal.definition.ParseFromString(row.Blob(3))) {
    return InternalError("goals.definition cannot be read");
  }
  goal.version = row.Int(4);
  goal.create_time = row.Time(5);
  goal.update_time = row.Time(6);
  goal.complete_time = row.OptionalTime(7);
  return goal;
}

absl::StatusOr<ActivityRow> ReadActivity(const Row& row) {
  ActivityRow activity;
  activity.user_id = row.Text(0);
  activity.goal_id = row.Text(1);
  activity.activity_id = row.Text(2);
  activity.type = static_cast<v1::ActivityType>(row.Int(3));
  activity.value = row.Double(4);
  activity.day = kEpoch + row.Int64(5);
  if (!activity.definition.ParseFromString(row.Blob(6))) {
    return InternalError("activities.definition cannot be read");
  }
  activity.create_time = row.Time(7);
  return activity;
}

absl::StatusOr<GoalRow> OneGoal(absl::StatusOr<Rows> rows) {
  DRAMATIS_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return NotFoundError("goal");
  return ReadGoal(rows->front());
}

absl::StatusOr<GoalRow> SelectGoal(Transaction& tx,
                                   const std::string& user_id,
                                   const std::string& goal_id) {
  return OneGoal(tx.Execute(kFindGoal, {user_id, goal_id}));
}

absl::Status CountUp(Transaction& tx, const std::string& user_id, int quota) {
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kCountGoalsUp, {user_id, quota}).status());
  return tx.affected() == 0 ? QuotaError(quota) : absl::OkStatus();
}

// The unique index of titles is the only thing besides the id that can be violated.
absl::Status TitleTakenIfViolated(absl::Status status) {
  return absl::IsAlreadyExists(status) ? TitleError() : std::move(status);
}

absl::Status UpdateGoal(Transaction& tx, const GoalRow& before, const GoalRow& after, int quota) {
  // Counted first, as in an insert: writers of one user take locks in the same order.
  if (after.IsActive() && !before.IsActive()) {
    DRAMATIS_RETURN_IF_ERROR(CountUp(tx, after.user_id, quota));
  }
  if (before.IsActive() && !after.IsActive()) {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kCountGoalsDown, {after.user_id}).status());
  }
  const v1::Goal& goal = after.definition;
  DRAMATIS_RETURN_IF_ERROR(TitleTakenIfViolated(
      tx.Execute(kUpdateGoal,
                 {after.user_id, after.goal_id, after.title_key, static_cast<int>(goal.status()),
                  goal.category(), IsShared(goal), Bytes{goal.SerializeAsString()},
                  after.update_time, after.complete_time, before.version})
          .status()));
  return tx.affected() == 1 ? absl::OkStatus() : ChangedMeanwhile();
}

absl::StatusOr<std::vector<GoalHistory>> SelectHistories(Transaction& tx,
                                                         const std::string& user_id,
                                                         const std::string& goal_id) {
  std::vector<GoalHistory> histories;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows goals, tx.Execute(kHistoryGoals, {user_id, goal_id}));
  std::map<std::string, size_t> places;
  for (const Row& row : goals) {
    GoalHistory history;
    DRAMATIS_ASSIGN_OR_RETURN(history.goal, ReadGoal(row));
    places[history.goal.goal_id] = histories.size();
    histories.push_back(std::move(history));
  }
  if (histories.empty()) return histories;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows days, tx.Execute(kHistoryDays, {user_id, goal_id}));
  for (const Row& row : days) {
    const ActivityDay day = {kEpoch + row.Int64(1), row.Int(2),    row.Double(3),
                             row.Double(4),         row.Double(5), row.Int(6)};
    histories[places.at(row.Text(0))].days.push_back(day);
  }
  DRAMATIS_ASSIGN_OR_RETURN(const Rows latest, tx.Execute(kHistoryLatest, {user_id, goal_id}));
  for (const Row& row : latest)
    histories[places.at(row.Text(0))].latest.push_back(row.Double(1));
  for (GoalHistory& history : histories) {
    const size_t excess = history.latest.size() - std::min(history.latest.size(), kMostLatest);
    history.latest.erase(history.latest.begin(),
                         history.latest.begin() + static_cast<std::ptrdiff_t>(excess));
  }
  return histories;
}

}  // namespace

absl::StatusOr<GoalRow> SqlGoalStore::FindGoal(const std::string& user_id,
                                               const std::string& goal_id) {
  return database_.Read([&](Transaction& tx) { return SelectGoal(tx, user_id, goal_id); });
}

absl::StatusOr<GoalPage> SqlGoalStore::ListGoals(const GoalQuery& query) {
  const GoalQuery::Position after =
      query.after.value_or(GoalQuery::Position{absl::InfiniteFuture(), ""});
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<GoalPage> {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.Execute(kListGoals,
                   {query.user_id, static_cast<int>(query.status), static_cast<int>(query.pattern),
                    query.category, after.create_time, after.goal_id, query.limit + 1}));
    GoalPage page;
    page.more = rows.size() > static_cast<size_t>(query.limit);
    for (size_t i = 0; i + (page.more ? 1 : 0) < rows.size(); ++i) {
      DRAMATIS_ASSIGN_OR_RETURN(GoalRow goal, ReadGoal(rows[i]));
      page.goals.push_back(std::move(goal));
    }
    return page;
  });
}

absl::StatusOr<v1::Goal> SqlGoalStore::CreateGoal(const CallContext& call,
                                                  const google::protobuf::Message& request,
                                                  const GoalRow& row,
                                                  int quota) {
  return sql::MakeOnce<v1::Goal>(
      database_, call, IdempotencyClaim::For(call, "CreateGoal", request), clock_.Now(),
      [&](Transaction& tx) -> absl::StatusOr<v1::Goal> {
        if (row.IsActive()) DRAMATIS_RETURN_IF_ERROR(CountUp(tx, row.user_id, quota));
        const v1::Goal& goal = row.definition;
        DRAMATIS_RETURN_IF_ERROR(TitleTakenIfViolated(
            tx.Execute(kInsertGoal,
                       {row.user_id, row.goal_id, row.title_key, static_cast<int>(goal.status()),
                        static_cast<int>(goal.goal_pattern()), goal.category(), IsShared(goal),
                        Bytes{goal.SerializeAsString()}, row.create_time, row.update_time})
                .status()));
        return Present(row);
      });
}

absl::StatusOr<v1::Goal> SqlGoalStore::ChangeGoal(const CallContext& call,
                                                  const std::string& method,
                                                  const google::protobuf::Message& request,
                                                  const std::string& goal_id,
                                                  const GoalChange& change,
                                                  int quota) {
  // An empty key claims nothing.
  const IdempotencyClaim claim =
      method.empty() ? IdempotencyClaim() : IdempotencyClaim::For(call, method, request);
  return sql::MakeOnce<v1::Goal>(
      database_, call, claim, clock_.Now(), [&](Transaction& tx) -> absl::StatusOr<v1::Goal> {
        DRAMATIS_ASSIGN_OR_RETURN(const GoalRow before,
                                  SelectGoal(tx, call.identity.user_id, goal_id));
        DRAMATIS_ASSIGN_OR_RETURN(std::optional<GoalRow> after, change(before));
        if (!after.has_value()) return Present(before);
        DRAMATIS_RETURN_IF_ERROR(UpdateGoal(tx, before, *after, quota));
        after->version = before.version + 1;
        return Present(*after);
      });
}

absl::StatusOr<v1::Activity> SqlGoalStore::AddActivity(const CallContext& call,
                                                       const google::protobuf::Message& request,
                                                       const std::string& goal_id,
                                                       const ActivityChoice& choice) {
  return sql::MakeOnce<v1::Activity>(
      database_, call, IdempotencyClaim::For(call, "CreateActivity", request), clock_.Now(),
      [&](Transaction& tx) -> absl::StatusOr<v1::Activity> {
        DRAMATIS_ASSIGN_OR_RETURN(const GoalRow goal,
                                  OneGoal(tx.Execute(kLockGoal, {call.identity.user_id, goal_id})));
        DRAMATIS_ASSIGN_OR_RETURN(const ActivityRow row, choice(goal));
        DRAMATIS_RETURN_IF_ERROR(
            tx.Execute(
                  kInsertActivity,
                  {row.user_id, row.goal_id, row.activity_id, static_cast<int>(row.type), row.value,
                   DayNumber(row.day), Bytes{row.definition.SerializeAsString()}, row.create_time})
                .status());
        const bool is_skipped = row.type == v1::ACTIVITY_TYPE_SKIPPED;
        DRAMATIS_RETURN_IF_ERROR(
            tx.Execute(kAddToDay, {row.user_id, row.goal_id, DayNumber(row.day), is_skipped ? 0 : 1,
                                   is_skipped ? 0.0 : row.value, is_skipped ? 1 : 0})
                .status());
        return Present(row);
      });
}

absl::StatusOr<ActivityRow> SqlGoalStore::FindActivity(const std::string& user_id,
                                                       const std::string& goal_id,
                                                       const std::string& activity_id) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<ActivityRow> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.Execute(kFindActivity, {user_id, goal_id, activity_id}));
    if (rows.empty()) return NotFoundError("activity");
    return ReadActivity(rows[0]);
  });
}

absl::StatusOr<ActivityPage> SqlGoalStore::ListActivities(const ActivityQuery& query) {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<ActivityPage> {
    DRAMATIS_RETURN_IF_ERROR(SelectGoal(tx, query.user_id, query.goal_id).status());
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.Execute(kListActivities,
                   {query.user_id, query.goal_id, query.start ? DayNumber(*query.start) : kFirst,
                    query.end ? DayNumber(*query.end) : kLast, static_cast<int>(query.type),
                    query.after ? DayNumber(query.after->day) : kLast,
                    query.after ? query.after->activity_id : "", query.limit + 1}));
    ActivityPage page;
    page.more = rows.size() > static_cast<size_t>(query.limit);
    for (size_t i = 0; i + (page.more ? 1 : 0) < rows.size(); ++i) {
      DRAMATIS_ASSIGN_OR_RETURN(ActivityRow activity, ReadActivity(rows[i]));
      page.activities.push_back(std::move(activity));
    }
    return page;
  });
}

absl::StatusOr<GoalHistory> SqlGoalStore::FindHistory(const std::string& user_id,
                                                      const std::string& goal_id) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<GoalHistory> {
    DRAMATIS_ASSIGN_OR_RETURN(std::vector<GoalHistory> found,
                              SelectHistories(tx, user_id, goal_id));
    // An empty id would stand for others.
    if (goal_id.empty() || found.empty()) return NotFoundError("goal");
    return std::move(found.front());
  });
}

absl::StatusOr<std::vector<GoalHistory>> SqlGoalStore::FindSharedHistories(
    const std::string& user_id) {
  return database_.Read([&](Transaction& tx) { return SelectHistories(tx, user_id, ""); });
}

}  // namespace dramatis::memory
