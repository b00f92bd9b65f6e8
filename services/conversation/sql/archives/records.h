// Rows of conversations as an archive has them, and back. Pure functions.
#pragma once

#include <string>

#include "dramatis/conversation/v1/archive_records.pb.h"

#include "services/conversation/model/room_rows.h"
#include "services/conversation/model/store.h"
#include "services/conversation/model/turn_row.h"

namespace dramatis::conversation {

// Without messages and turns.
v1::ArchivedSession ToRecord(const SessionRow& row);
SessionRow ToSessionRow(const v1::ArchivedSession& record, const std::string& user_id);

// Of a session's message; `user_id` is whose archive it is.
v1::ArchivedMessage ToRecord(const MessageRow& row, const std::string& user_id);
MessageRow ToMessageRow(const v1::ArchivedMessage& record);

// `manifest`: its serialized PromptManifest.
v1::ArchivedTurn ToRecord(const TurnRow& row, const std::string& manifest);
// In the session.
TurnRow ToTurnRow(const v1::ArchivedTurn& record, const SessionRow& session);

// As `user_id` may see it, without messages.
v1::ArchivedRoom ToRecord(const Room& room, const std::string& user_id);
// The user's; participants of others have left.
Room ToRoom(const v1::ArchivedRoom& record, const std::string& user_id, absl::Time now);

}  // namespace dramatis::conversation
