// The table `messages`: its columns beside what they fill, and the steps that several transactions
// share. Part of SqlStore and SqlRoomStore.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/model/store.h"
#include "services/conversation/sql/columns.h"
#include "services/conversation/sql/rows.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

// Who has said it, of a `participant_id`.
void SetParticipant(const std::string& participant_id, MessageRow& message);

inline constexpr auto kMessageColumns = std::to_array<Column<MessageRow>>({
    Field<&MessageRow::sequence>("sequence"),
    Field<&MessageRow::message_id>("message_id"),
    // A session's user has no place but this; the writer of a persona's message comes after it.
    {"participant_id",
     [](const sql::Row& row, int column, MessageRow& message) {
       SetParticipant(row.Text(column), message);
     },
     [](const MessageRow& message) { return sql::Value(message.participant_id()); }},
    {"author_kind", nullptr,
     [](const MessageRow& message) { return sql::Value(NameOf(message.author())); }},
    {"user_id",
     [](const sql::Row& row, int column, MessageRow& message) {
       if (message.author() == ParticipantKind::kPersona) message.user_id = row.Text(column);
     },
     [](const MessageRow& message) {
       return sql::Value(message.author() == ParticipantKind::kPersona ? message.user_id : "");
     }},
    {"type",
     [](const sql::Row& row, int column, MessageRow& message) {
       message.type = MessageTypeOf(row.Text(column));
     },
     [](const MessageRow& message) { return sql::Value(NameOf(message.type)); }},
    Field<&MessageRow::content>("content"),
    Field<&MessageRow::created_at>("created_at"),
    Field<&MessageRow::reply_to_message_id>("reply_to_message_id"),
    Field<&MessageRow::edited_at>("edited_at"),
    Field<&MessageRow::hidden>("hidden"),
    Field<&MessageRow::original_content>("original_content"),
    Field<&MessageRow::version>("version"),
    Field<&MessageRow::turn_id>("turn_id"),
    Field<&MessageRow::model>("model"),
    Field<&MessageRow::finish_reason>("finish_reason"),
    Field<&MessageRow::retrieval>("retrieval"),
    Blob<&MessageRow::usage>("usage"),
    Field<&MessageRow::turn_reason>("turn_reason"),
});
inline constexpr SqlText kMessageNames = NamesOf(kMessageColumns);

inline MessageRow ToMessageRow(const sql::Row& row) {
  return RowOf(kMessageColumns, row);
}
std::vector<MessageRow> ToMessageRows(const sql::Rows& rows);

// Its place in the index is the caller's to write: sql/search.h.
absl::Status InsertMessage(sql::Transaction& tx,
                           const std::string& conversation_id,
                           const MessageRow& message);
// The message of this id; nullopt if there is none.
absl::StatusOr<std::optional<MessageRow>> SelectMessage(sql::Transaction& tx,
                                                        const std::string& conversation_id,
                                                        const std::string& message_id);
// Messages after a number, in order; or before it, the newest first. At most `limit`.
absl::StatusOr<std::vector<MessageRow>> SelectMessages(sql::Transaction& tx,
                                                       const MessageRange& range);
// Messages before `sequence` that can be read, at most `limit`, oldest first.
absl::StatusOr<std::vector<MessageRow>> SelectRecentMessages(sql::Transaction& tx,
                                                             const std::string& conversation_id,
                                                             int before_sequence,
                                                             int limit);

}  // namespace dramatis::conversation
