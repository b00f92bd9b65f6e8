#include "services/conversation/sql/message_rows.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Transaction;

constexpr SqlText kInsertMessage = InsertInto("messages", kMessageColumns, "conversation_id");

constexpr SqlText kSelectMessage = {
    "select ", kMessageNames, " from messages where conversation_id = $1 and message_id = $2"};

constexpr SqlText kMessagesUp = {"select ", kMessageNames, R"(
  from messages
  where conversation_id = $1 and sequence > $2
  order by sequence
  limit $3)"};

constexpr SqlText kMessagesDown = {"select ", kMessageNames, R"(
  from messages
  where conversation_id = $1 and sequence < $2
  order by sequence desc
  limit $3)"};

constexpr SqlText kSelectRecent = {"select ", kMessageNames, R"(
  from messages
  where conversation_id = $1 and sequence < $2 and not hidden
  order by sequence desc
  limit $3)"};

constexpr int64_t kFromNewest = int64_t{1} << 40;

}  // namespace

void SetParticipant(const std::string& participant_id, MessageRow& message) {
  absl::string_view id = participant_id;
  if (absl::ConsumePrefix(&id, "user/")) {
    message.user_id = std::string(id);
  } else {
    absl::ConsumePrefix(&id, "persona/");
    message.persona_id = std::string(id);
  }
}

std::vector<MessageRow> ToMessageRows(const Rows& rows) {
  std::vector<MessageRow> messages;
  messages.reserve(rows.size());
  for (const sql::Row& row : rows)
    messages.push_back(ToMessageRow(row));
  return messages;
}

absl::Status InsertMessage(Transaction& tx,
                           const std::string& conversation_id,
                           const MessageRow& message) {
  std::vector<sql::Value> values = ValuesOf(kMessageColumns, message);
  values.emplace_back(conversation_id);
  return tx.Execute(kInsertMessage, values).status();
}

absl::StatusOr<std::optional<MessageRow>> SelectMessage(Transaction& tx,
                                                        const std::string& conversation_id,
                                                        const std::string& message_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kSelectMessage, {conversation_id, message_id}));
  if (rows.empty()) return std::nullopt;
  return ToMessageRow(rows.front());
}

absl::StatusOr<std::vector<MessageRow>> SelectMessages(Transaction& tx, const MessageRange& range) {
  const int64_t beyond =
      range.descending && range.beyond_sequence == 0 ? kFromNewest : range.beyond_sequence;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(range.descending ? kMessagesDown : kMessagesUp,
                                       {range.conversation_id, beyond, range.limit}));
  return ToMessageRows(rows);
}

absl::StatusOr<std::vector<MessageRow>> SelectRecentMessages(Transaction& tx,
                                                             const std::string& conversation_id,
                                                             int before_sequence,
                                                             int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kSelectRecent, {conversation_id, before_sequence, limit}));
  std::vector<MessageRow> messages = ToMessageRows(rows);
  std::reverse(messages.begin(), messages.end());
  return messages;
}

}  // namespace dramatis::conversation
