#include "services/conversation/sessions/history.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/search/found_token.h"
#include "services/conversation/search/search_text.h"
#include "services/conversation/sessions/new_session.h"
#include "shared/page/page_token.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

// https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp
bool IsTimestamp(const google::protobuf::Timestamp& t) {
  return t.seconds() >= -62'135'596'800 && t.seconds() <= 253'402'300'799 && t.nanos() >= 0 &&
         t.nanos() <= 999'999'999;
}

std::optional<SessionStatus> FromApi(v1::SessionStatus status) {
  switch (status) {
    case v1::SESSION_STATUS_ACTIVE:
      return SessionStatus::kActive;
    case v1::SESSION_STATUS_ENDED:
      return SessionStatus::kEnded;
    case v1::SESSION_STATUS_EXPIRED:
      return SessionStatus::kExpired;
    default:
      return std::nullopt;
  }
}

absl::StatusOr<SessionFilter> FilterOf(const CallContext& call,
                                       const v1::ListHistoryRequest& request) {
  std::vector<FieldViolation> violations;
  if (!IsTimestamp(request.from())) violations.push_back({"from", "is not a point in time"});
  if (!IsTimestamp(request.to())) violations.push_back({"to", "is not a point in time"});
  if (!violations.empty()) return FieldErrors(violations);
  SessionFilter filter;
  filter.user_id = call.identity.user_id;
  filter.words = SearchedWords(request.q());
  filter.status = FromApi(request.status());
  if (request.has_from()) filter.from = FromTimestamp(request.from());
  if (request.has_to()) filter.to = FromTimestamp(request.to());
  if (filter.from.has_value() && filter.to.has_value() && *filter.to < *filter.from) {
    return FieldErrors({{"to", "must not be before `from`"}});
  }
  return filter;
}

// What a page token of the list is bound to.
PageScope ScopeOf(const CallContext& call, const v1::ListHistoryRequest& request) {
  v1::ListHistoryRequest filters = request;
  filters.clear_page_size();
  filters.clear_page_token();
  return {call,
          absl::StrCat("history\n", call.identity.user_id, "\n", filters.SerializeAsString())};
}

absl::StatusOr<std::pair<absl::Time, std::string>> DecodeListToken(const PageScope& scope,
                                                                   const std::string& token) {
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> keys, DecodePageToken(scope, token, 2));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(keys[0], &micros)) return CursorError("page_token");
  return std::make_pair(absl::FromUnixMicros(micros), keys[1]);
}

// The token of the page after this row.
std::string TokenAfter(const PageScope& scope,
                       const SessionFilter& filter,
                       const SessionSummaryRow& row) {
  if (!filter.words.empty()) return EncodeFoundToken(scope, row.found, row.conversation_id);
  return EncodePageToken(scope,
                         {absl::StrCat(absl::ToUnixMicros(row.updated_at)), row.conversation_id});
}

}  // namespace

absl::StatusOr<v1::GetChatHistoryResponse> History::Messages(
    const CallContext& call, const v1::GetChatHistoryRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Page page,
      ReadPage(call, ConversationIdOf(call.identity.user_id, request.session_id()),
               request.order() == "desc", PageSize(request), request.page_token()));
  v1::GetChatHistoryResponse response;
  response.set_session_id(request.session_id());
  for (const MessageRow& message : page.messages)
    *response.add_messages() = ToMessage(message);
  response.set_next_page_token(page.next_token);
  return response;
}

absl::StatusOr<v1::ListHistoryResponse> History::List(const CallContext& call,
                                                      const v1::ListHistoryRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(SessionFilter filter, FilterOf(call, request));
  const PageScope scope = ScopeOf(call, request);
  if (!request.page_token().empty()) {
    if (filter.words.empty()) {
      DRAMATIS_ASSIGN_OR_RETURN(filter.after, DecodeListToken(scope, request.page_token()));
    } else {
      DRAMATIS_ASSIGN_OR_RETURN(filter.after_found, DecodeFoundToken(scope, request.page_token()));
    }
  }
  v1::ListHistoryResponse response;
  // Nothing is found by something that has no word.
  if (!TrimSpace(request.q()).empty() && filter.words.empty()) return response;
  const int size = PageSize(request);
  filter.now = tools_.clock.Now();
  filter.limit = size + 1;  // one more says whether there is a next page
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<SessionSummaryRow> rows, tools_.store.ListSessions(filter));
  if (rows.size() > static_cast<size_t>(size)) {
    rows.resize(static_cast<size_t>(size));
    response.set_next_page_token(TokenAfter(scope, filter, rows.back()));
  }
  for (const SessionSummaryRow& row : rows) {
    v1::SessionSummary& summary = *response.add_conversations();
    summary = ToSummary(row, filter.now);
    for (v1::SearchMatch& match : MatchesOf(row.title, row.found.places, filter.words))
      *summary.add_matches() = std::move(match);
  }
  return response;
}

absl::StatusOr<v1::GetHistoryResponse> History::Get(const CallContext& call,
                                                    const v1::GetHistoryRequest& request) {
  const std::string conversation_id = ConversationIdOf(call.identity.user_id, request.session_id());
  DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> row,
                            tools_.store.FindSession(conversation_id));
  if (!row.has_value()) return NotFoundError("session");
  DRAMATIS_ASSIGN_OR_RETURN(const Page page, ReadPage(call, conversation_id, /*descending=*/false,
                                                      PageSize(request), request.page_token()));
  v1::GetHistoryResponse response;
  *response.mutable_conversation() = ToSession(*row, tools_.clock.Now());
  for (const MessageRow& message : page.messages)
    *response.add_messages() = ToMessage(message);
  response.set_next_page_token(page.next_token);
  return response;
}

absl::Status History::Delete(const CallContext& call, const v1::DeleteHistoryRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const SessionRow row,
      tools_.store.DeleteSession(ConversationIdOf(call.identity.user_id, request.session_id())));
  ReleaseHold(tools_, call, row);
  return absl::OkStatus();
}

absl::StatusOr<History::Page> History::ReadPage(const CallContext& call,
                                                const std::string& conversation_id,
                                                bool descending,
                                                int size,
                                                const std::string& token) {
  const PageScope scope(
      call, absl::StrCat("messages\n", conversation_id, "\n", descending ? "desc" : "asc"));
  MessageRange range{.conversation_id = conversation_id,
                     .descending = descending,
                     .beyond_sequence = 0,
                     .limit = size + 1};
  if (!token.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                              DecodePageToken(scope, token, 1));
    if (!absl::SimpleAtoi(keys[0], &range.beyond_sequence)) return CursorError("page_token");
  }
  Page page;
  DRAMATIS_ASSIGN_OR_RETURN(page.messages, tools_.store.ListMessages(range));
  if (page.messages.empty()) {
    DRAMATIS_ASSIGN_OR_RETURN(page.messages, transcripts_.Messages(range));
  }
  if (page.messages.size() > static_cast<size_t>(size)) {
    page.messages.resize(static_cast<size_t>(size));
    page.next_token = EncodePageToken(scope, {absl::StrCat(page.messages.back().sequence)});
  }
  return page;
}

}  // namespace dramatis::conversation
