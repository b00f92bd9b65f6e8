#include <utility>

#include "absl/strings/str_cat.h"
#include "services/conversation/sql/message_rows.h"
#include "services/conversation/sql/query.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/search.h"
#include "services/conversation/sql/store.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Transaction;

constexpr char kListSessions[] = R"(
  select conversation_id, session_id, persona_id, title, created_at, updated_at, expires_at,
    ended_at, message_count, preview
  from user_conversations
  where user_id = $1)";

constexpr char kFoundSessions[] = R"(
  , page as (
    select u.conversation_id, u.session_id, u.persona_id, u.title, u.created_at, u.updated_at,
      u.expires_at, u.ended_at, u.message_count, u.preview, r.score, r.latest
    from ranked r
      join user_conversations u on u.conversation_id = r.conversation_id)";

SessionSummaryRow ToSummaryRow(const sql::Row& row) {
  SessionSummaryRow summary;
  summary.conversation_id = row.Text(0);
  summary.session_id = row.Text(1);
  summary.persona_id = row.Text(2);
  summary.title = row.Text(3);
  summary.created_at = row.Time(4);
  summary.updated_at = row.Time(5);
  summary.expires_at = row.Time(6);
  summary.ended_at = row.OptionalTime(7);
  summary.message_count = row.Int(8);
  summary.preview = row.Text(9);
  return summary;
}

void AddStatus(SessionStatus status, absl::Time now, Query& query) {
  switch (status) {
    case SessionStatus::kActive:
      return query.Add(
          absl::StrCat("and ended_at is null and expires_at > ", query.Parameter(now)));
    case SessionStatus::kEnded:
      return query.Add("and ended_at is not null");
    case SessionStatus::kExpired:
      return query.Add(
          absl::StrCat("and ended_at is null and expires_at <= ", query.Parameter(now)));
  }
}

void AddFilters(const SessionFilter& filter, Query& query) {
  if (filter.status.has_value()) AddStatus(*filter.status, filter.now, query);
  if (filter.from.has_value()) {
    query.Add(absl::StrCat("and updated_at >= ", query.Parameter(*filter.from)));
  }
  if (filter.to.has_value()) {
    query.Add(absl::StrCat("and updated_at < ", query.Parameter(*filter.to)));
  }
}

// The sessions that have all of the words in one place, best first.
absl::StatusOr<std::vector<SessionSummaryRow>> Search(Transaction& tx,
                                                      const SessionFilter& filter) {
  const std::vector<std::string> readers = {ReaderOfSessions(filter.user_id)};
  const bool all = !filter.status.has_value() && !filter.from.has_value() && !filter.to.has_value();
  Query query("", {});
  FoundPlaces messages = {FoundBy(tx.engine(), readers, filter.words)};
  if (all) messages.most = filter.most_ranked;
  const FoundPlaces titles = {TitlesFoundBy(tx.engine(), readers, filter.words)};
  AddRanked(tx.engine(), {messages, titles}, "", query);
  query.Add(kFoundSessions);
  query.Add(absl::StrCat("where u.user_id = ", query.Parameter(filter.user_id)));
  AddFilters(filter, query);
  AddFoundAfter(filter.after_found, query);
  query.Add(absl::StrCat("limit ", query.Parameter(filter.limit), ")"));
  query.Add(kPlacesOfPage);
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, query.Run(tx));
  constexpr int kScore = 10;
  constexpr int kPlace = 12;
  std::vector<SessionSummaryRow> summaries;
  for (const sql::Row& row : rows) {
    if (summaries.empty() || summaries.back().conversation_id != row.Text(0)) {
      summaries.push_back(ToSummaryRow(row));
      summaries.back().found.score = row.Int64(kScore);
      summaries.back().found.latest = row.Time(kScore + 1);
    }
    summaries.back().found.places.push_back(ToPlace(row, kPlace));
  }
  return summaries;
}

}  // namespace

absl::StatusOr<std::vector<SessionSummaryRow>> SqlStore::ListSessions(const SessionFilter& filter) {
  if (!filter.words.empty()) IndexBeforeSearch(database_);
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<SessionSummaryRow>> {
    if (!filter.words.empty()) return Search(tx, filter);
    Query query(kListSessions, {filter.user_id});
    AddFilters(filter, query);
    if (filter.after.has_value()) {
      const std::string updated_at = query.Parameter(filter.after->first);
      const std::string conversation_id = query.Parameter(filter.after->second);
      query.Add(absl::StrCat("and (updated_at, conversation_id) < (", updated_at, ", ",
                             conversation_id, ")"));
    }
    query.Add("order by updated_at desc, conversation_id desc");
    query.Add(absl::StrCat("limit ", query.Parameter(filter.limit)));
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, query.Run(tx));
    std::vector<SessionSummaryRow> summaries;
    summaries.reserve(rows.size());
    for (const sql::Row& row : rows)
      summaries.push_back(ToSummaryRow(row));
    return summaries;
  });
}

absl::StatusOr<std::vector<MessageRow>> SqlStore::ListMessages(const MessageRange& range) {
  return database_.Read([&](Transaction& tx) { return SelectMessages(tx, range); });
}

}  // namespace dramatis::conversation
