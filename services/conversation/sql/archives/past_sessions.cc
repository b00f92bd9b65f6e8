#include "services/conversation/sql/archives/past_sessions.h"

#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/rows.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {

absl::StatusOr<bool> InsertPastSession(sql::Transaction& tx, const PastSession& session) {
  SessionRow row = session.row;
  row.last_sequence = static_cast<int>(session.messages.size());
  DRAMATIS_ASSIGN_OR_RETURN(const bool made, InsertSessionRows(tx, row));
  if (!made) return false;
  int sequence = 0;
  for (const MessageRow& past : session.messages) {
    MessageRow message = past;
    message.sequence = ++sequence;
    message.user_id = past.author() == ParticipantKind::kUser ? row.user_id : "";
    DRAMATIS_RETURN_IF_ERROR(AppendToSession(tx, row, message));
  }
  if (row.last_sequence > 0) {
    DRAMATIS_RETURN_IF_ERROR(
        NoteObservedMessages(tx, row.user_id, row.conversation_id, row.last_sequence));
  }
  DRAMATIS_RETURN_IF_ERROR(
      UpdateListEntry(tx, row, session.messages.empty() ? "" : session.messages.back().content));
  if (row.ended_at.has_value()) {
    DRAMATIS_RETURN_IF_ERROR(EndPastSession(tx, row));
  }
  return true;
}

}  // namespace dramatis::conversation
