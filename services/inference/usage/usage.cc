#include "services/inference/usage/usage.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/time_util.h"
#include "services/inference/usage/usage_rows.h"
#include "shared/page/page_token.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/time/timestamps.h"

namespace dramatis::inference {
namespace {

using google::protobuf::util::TimeUtil;

constexpr absl::Duration kDefaultRange = absl::Hours(24 * 30);
constexpr int kNanosPerSecond = 1'000'000'000;

// A time that has microseconds; gRPC callers may send any numbers.
absl::StatusOr<absl::Time> ReadTime(const google::protobuf::Timestamp& time, const char* field) {
  if (time.seconds() < TimeUtil::kTimestampMinSeconds ||
      time.seconds() > TimeUtil::kTimestampMaxSeconds || time.nanos() < 0 ||
      time.nanos() >= kNanosPerSecond) {
    return FieldErrors({{field, "must be a time of the years 1 to 9999"}});
  }
  return absl::FromUnixMicros(TimeUtil::TimestampToMicroseconds(time));
}

template <class Request>
v1::UsageGrouping GroupingOf(const Request& request) {
  return request.group_by() == v1::USAGE_GROUPING_UNSPECIFIED ? v1::USAGE_GROUPING_DAY
                                                              : request.group_by();
}

// What a page token is good for: the range as asked and the grouping.
template <class Request>
PageScope ScopeOf(const CallContext& call, const char* list, const Request& request) {
  Request scope = request;
  scope.set_group_by(GroupingOf(request));
  scope.clear_page_size();
  scope.clear_page_token();
  return {call, absl::StrCat(list, "\n", scope.SerializeAsString())};
}

// The range and place of the page before: a range that ends now must not move between pages.
absl::Status ReadToken(const PageScope& scope, const std::string& token, UsageQuery& query) {
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<std::string> keys, DecodePageToken(scope, token, 3));
  int64_t from = 0;
  int64_t to = 0;
  if (!absl::SimpleAtoi(keys[0], &from) || !absl::SimpleAtoi(keys[1], &to)) {
    return CursorError("page_token");
  }
  query.from = absl::FromUnixMicros(from);
  query.to = absl::FromUnixMicros(to);
  query.after = std::move(keys[2]);
  return absl::OkStatus();
}

template <class Request>
absl::Status ReadRange(const Request& request, absl::Time now, UsageQuery& query) {
  query.to = now;
  if (request.has_to()) {
    DRAMATIS_ASSIGN_OR_RETURN(query.to, ReadTime(request.to(), "to"));
  }
  query.from = query.to - kDefaultRange;
  if (request.has_from()) {
    DRAMATIS_ASSIGN_OR_RETURN(query.from, ReadTime(request.from(), "from"));
  }
  if (query.from < query.to) return absl::OkStatus();
  return FieldErrors({{"from", "must be before `to`"}});
}

v1::ListUsageResponse::Group ToGroup(UsageSum sum) {
  v1::ListUsageResponse::Group group;
  group.set_key(std::move(sum.key));
  group.set_calls(static_cast<double>(sum.calls));
  group.set_input_tokens(static_cast<double>(sum.input_tokens));
  group.set_output_tokens(static_cast<double>(sum.output_tokens));
  group.set_cached_tokens(static_cast<double>(sum.cached_tokens));
  group.set_written_tokens(static_cast<double>(sum.written_tokens));
  group.set_cost_micros(static_cast<double>(sum.cost_micros));
  group.set_estimated(sum.estimated);
  return group;
}

// A page of what `query` sums up; its range and grouping are read from the request.
template <class Response, class Request>
absl::StatusOr<Response> ListPage(Store& store,
                                  absl::Time now,
                                  const PageScope& scope,
                                  const Request& request,
                                  UsageQuery query) {
  query.grouping = GroupingOf(request);
  const int size = PageSize(request);
  query.limit = size + 1;  // one more says whether there is a next page
  if (request.page_token().empty()) {
    DRAMATIS_RETURN_IF_ERROR(ReadRange(request, now, query));
  } else {
    DRAMATIS_RETURN_IF_ERROR(ReadToken(scope, request.page_token(), query));
  }
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<UsageSum> sums, store.SumUsage(query));
  Response response;
  if (sums.size() > static_cast<size_t>(size)) {
    sums.resize(static_cast<size_t>(size));
    response.set_next_page_token(
        EncodePageToken(scope, {absl::StrCat(absl::ToUnixMicros(query.from)),
                                absl::StrCat(absl::ToUnixMicros(query.to)), sums.back().key}));
  }
  for (UsageSum& sum : sums)
    *response.add_groups() = ToGroup(std::move(sum));
  *response.mutable_from() = ToTimestamp(query.from);
  *response.mutable_to() = ToTimestamp(query.to);
  response.set_group_by(query.grouping);
  return response;
}

}  // namespace

absl::StatusOr<v1::ListUsageResponse> Usage::List(const CallContext& call,
                                                  const v1::ListUsageRequest& request) {
  return ListPage<v1::ListUsageResponse>(store_, clock_.Now(), ScopeOf(call, "usage", request),
                                         request, {});
}

absl::StatusOr<v1::ListOwnUsageResponse> Usage::ListOwn(const CallContext& call,
                                                        const v1::ListOwnUsageRequest& request) {
  if (request.group_by() == v1::USAGE_GROUPING_USER) {
    return FieldErrors({{"group_by", "must be day, model, persona or key"}});
  }
  UsageQuery query;
  query.user_id = call.identity.user_id;
  DRAMATIS_ASSIGN_OR_RETURN(
      v1::ListOwnUsageResponse response,
      ListPage<v1::ListOwnUsageResponse>(store_, clock_.Now(), ScopeOf(call, "own_usage", request),
                                         request, std::move(query)));
  DRAMATIS_ASSIGN_OR_RETURN(*response.mutable_budget(), budgets_.Find(call.identity.user_id));
  return response;
}

absl::StatusOr<v1::GetUsageResponse> Usage::Get(const v1::GetUsageRequest& request,
                                                absl::Duration patience) const {
  // It may be another replica that writes the row, so it is looked for.
  constexpr absl::Duration kPause = absl::Milliseconds(20);
  for (const absl::Time end = absl::Now() + patience;; absl::SleepFor(kPause)) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::optional<UsageRow> row,
                              store_.FindUsage(request.user_id(), request.turn_key()));
    if (row.has_value()) {
      v1::GetUsageResponse response;
      *response.mutable_usage() = ToMessage(*row);
      return response;
    }
    if (absl::Now() >= end) return NotFoundError("usage");
  }
}

}  // namespace dramatis::inference
