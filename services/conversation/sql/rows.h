// The columns that sql_store*.cc select, and how their rows become structs. Part of SqlStore.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_row.h"
#include "shared/sql/database.h"

// Of conversations, in the order that ToSession reads. Macros, because a statement's text is a
// literal.
#define SESSION_COLUMNS                                                                  \
  "conversation_id, user_id, session_id, persona_id, persona_name, title, title_given, " \
  "metadata, created_at, last_activity_at, expires_at, ended_at, ttl, hold_expires_at, " \
  "last_sequence, active_turn_id, temporary"

namespace dramatis::conversation {

// What a select adds to them comes at this position.
inline constexpr int kSessionColumnCount =
    1 + static_cast<int>(std::ranges::count(std::string_view(SESSION_COLUMNS), ','));

SessionRow ToSession(const sql::Row& row);

const char* NameOf(ParticipantKind kind);
const char* NameOf(TurnState state);
ParticipantKind ParticipantKindOf(const std::string& name);
TurnState TurnStateOf(const std::string& name);

// Steps of several transactions.

absl::StatusOr<std::optional<SessionRow>> SelectSession(sql::Transaction& tx,
                                                        const std::string& conversation_id);
// Makes the conversation with its participants, its greeting and its place in the user's list,
// unless there is one of this id. SESSION_QUOTA_EXCEEDED.
absl::Status InsertSession(sql::Transaction& tx, const SessionRow& row);
// The same without its greeting, and whatever the user has; whether there was none of this id.
absl::StatusOr<bool> InsertSessionRows(sql::Transaction& tx, const SessionRow& row);
// Notes that a session that has just been made ended at `row.ended_at`.
absl::Status EndPastSession(sql::Transaction& tx, const SessionRow& row);
// Appends a message of a session, with its place in the index.
absl::Status AppendToSession(sql::Transaction& tx,
                             const SessionRow& session,
                             const MessageRow& message);
// Brings the user's list in line with a conversation that has a new message.
absl::Status UpdateListEntry(sql::Transaction& tx,
                             const SessionRow& row,
                             const std::string& newest_message);

}  // namespace dramatis::conversation
