#include "services/inference/sql/store.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "shared/status/macros.h"

namespace dramatis::inference {
namespace {

constexpr sql::Statement kSelectUsage = {R"(
  select persona_id, model, input_tokens, output_tokens, cached_tokens, cost_micros, estimated,
    finish_reason, create_time, key_id, written_tokens, prices
  from usage
  where user_id = $1 and turn_key = $2)"};

// $1 and $2 the range, $3 the key before the page, $4 whether there is one, $5 most groups, $6 the
// user where it is one's own.
constexpr const char* kSumUsage = R"(
  select {key}, count(*), cast(sum(input_tokens) as bigint), cast(sum(output_tokens) as bigint),
    cast(sum(cached_tokens) as bigint), cast(sum(cost_micros) as bigint),
    max(case when estimated then 1 else 0 end), cast(sum(written_tokens) as bigint)
  from usage
  where {own}create_time >= $1 and create_time < $2
    and (cast($4 as bigint) = 0 or {key} > {after})
  group by {key}
  order by {key}
  limit $5)";

// Days since the epoch; times before it belong to the day in which they lie.
constexpr const char* kDay = R"(
    case when create_time >= 0 then create_time / 86400000000
      else (create_time + 1) / 86400000000 - 1 end)";

const char* KeyOf(v1::UsageGrouping grouping) {
  switch (grouping) {
    case v1::USAGE_GROUPING_USER:
      return "user_id";
    case v1::USAGE_GROUPING_MODEL:
      return "model";
    case v1::USAGE_GROUPING_PERSONA:
      return "persona_id";
    case v1::USAGE_GROUPING_KEY:
      return "key_id";
    default:
      return kDay;
  }
}

std::string DayText(int64_t day) {
  return absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + day);
}

// The number of a day; one before all others for a text that is no day.
int64_t DayNumber(const std::string& text) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(text, &day)) return std::numeric_limits<int64_t>::min();
  return day - absl::CivilDay(1970, 1, 1);
}

}  // namespace

absl::StatusOr<std::optional<UsageRow>> SqlStore::FindUsage(const std::string& user_id,
                                                            const std::string& turn_key) {
  DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows, database_.Read([&](sql::Transaction& tx) {
    return tx.Execute(kSelectUsage, {user_id, turn_key});
  }));
  if (rows.empty()) return std::nullopt;
  const sql::Row& row = rows.front();
  return UsageRow{.user_id = user_id,
                  .turn_key = turn_key,
                  .persona_id = row.Text(0),
                  .model = row.Text(1),
                  .input_tokens = row.Int(2),
                  .output_tokens = row.Int(3),
                  .cached_tokens = row.Int(4),
                  .cost_micros = row.Int64(5),
                  .estimated = row.Bool(6),
                  .finish_reason = row.Text(7),
                  .create_time = row.Time(8),
                  .key_id = row.Text(9),
                  .written_tokens = row.Int(10),
                  .prices = row.Text(11)};
}

absl::StatusOr<std::vector<UsageSum>> SqlStore::SumUsage(const UsageQuery& query) {
  const bool by_day = KeyOf(query.grouping) == kDay;
  const std::string text = absl::StrReplaceAll(
      kSumUsage, {{"{key}", KeyOf(query.grouping)},
                  {"{after}", by_day ? "cast($3 as bigint)" : "$3"},
                  {"{own}", query.user_id.has_value() ? "user_id = $6 and " : ""}});
  const std::string after = query.after.value_or("");
  const sql::Value key = by_day ? sql::Value(DayNumber(after)) : sql::Value(after);
  std::vector<sql::Value> parameters = {query.from, query.to, key, query.after.has_value() ? 1 : 0,
                                        query.limit};
  if (query.user_id.has_value()) parameters.emplace_back(*query.user_id);
  DRAMATIS_ASSIGN_OR_RETURN(const sql::Rows rows, database_.Read([&](sql::Transaction& tx) {
    return tx.ExecuteText(text, parameters);
  }));
  std::vector<UsageSum> sums;
  for (const sql::Row& row : rows) {
    sums.push_back({.key = by_day ? DayText(row.Int64(0)) : row.Text(0),
                    .calls = row.Int64(1),
                    .input_tokens = row.Int64(2),
                    .output_tokens = row.Int64(3),
                    .cached_tokens = row.Int64(4),
                    .cost_micros = row.Int64(5),
                    .estimated = row.Int64(6) != 0,
                    .written_tokens = row.Int64(7)});
  }
  return sums;
}

}  // namespace dramatis::inference
