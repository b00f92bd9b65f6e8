#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/once.h"
#include "services/conversation/sql/rooms/rooms.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/search.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/text.h"

namespace dramatis::conversation {
namespace {

using sql::Statement;
using sql::Transaction;

constexpr Statement kChangeMessage = {R"(
  update messages
  set content = $3, edited_at = $4, hidden = $5, original_content = $6, version = $7
  where conversation_id = $1 and message_id = $2)"};

MessageRow ToRow(const NewRoomMessage& message) {
  MessageRow row;
  row.message_id = message.message_id;
  row.persona_id = message.persona_id;
  row.user_id = message.user_id;
  row.type = message.type;
  row.content = message.content;
  row.reply_to_message_id = message.reply_to_message_id;
  row.created_at = message.now;
  return row;
}

// Who wrote the message that this one answers; empty where it answers none.
absl::StatusOr<std::string> FindAnswered(Transaction& tx, const NewRoomMessage& message) {
  if (message.reply_to_message_id.empty()) return "";
  DRAMATIS_ASSIGN_OR_RETURN(
      std::optional<MessageRow> answered,
      SelectMessage(tx, message.conversation_id, message.reply_to_message_id));
  if (answered.has_value()) return std::move(answered->persona_id);
  return FieldErrors({{"reply_to_message_id", "must be a message of this conversation"}});
}

absl::StatusOr<AppendedMessage> Append(Transaction& tx, const NewRoomMessage& message) {
  AppendedMessage appended;
  DRAMATIS_ASSIGN_OR_RETURN(appended.room, LockRoomAt(tx, message.conversation_id, message.now));
  Room& room = appended.room;
  DRAMATIS_RETURN_IF_ERROR(message.check(room));
  appended.message = ToRow(message);
  DRAMATIS_ASSIGN_OR_RETURN(appended.message.reply_to_persona_id, FindAnswered(tx, message));
  DRAMATIS_RETURN_IF_ERROR(AppendMessage(tx, room.row, appended.message));
  if (room.row.closed() || !message.plan) return appended;
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<MessageRow> recent,
                            SelectRecentMessages(tx, message.conversation_id,
                                                 appended.message.sequence, kRecentMessages));
  DRAMATIS_ASSIGN_OR_RETURN(appended.turns, PlanTurns(tx, room, appended.message,
                                                      message.plan(room, recent, appended.message),
                                                      {message.user_id, message.key}, message.now));
  return appended;
}

// The edited text counts as a message does: it may close the room.
absl::Status StoreEdit(
    Transaction& tx, RoomRow& room, MessageRow& row, absl::Time now, const std::string& content) {
  room.characters +=
      static_cast<int>(CodePoints(content)) - static_cast<int>(CodePoints(row.content));
  room.updated_at = now;
  const bool closed = CloseIfReached(room, content, now);
  DRAMATIS_RETURN_IF_ERROR(UpdateRoomRow(tx, room));
  row.content = content;
  row.edited_at = now;
  if (!closed) return absl::OkStatus();
  DRAMATIS_RETURN_IF_ERROR(
      StopTurns(tx, room.conversation_id, v1::ERROR_REASON_CONVERSATION_CLOSED, now));
  return AppendStateEvent(tx, room, now);
}

absl::StatusOr<MessageRow> Change(Transaction& tx, const RoomMessageChange& change) {
  DRAMATIS_ASSIGN_OR_RETURN(Room room, LockRoomAt(tx, change.conversation_id, change.now));
  DRAMATIS_ASSIGN_OR_RETURN(std::optional<MessageRow> found,
                            SelectMessage(tx, change.conversation_id, change.message_id));
  if (!found.has_value()) return NotFoundError("message");
  MessageRow row = *std::move(found);
  DRAMATIS_RETURN_IF_ERROR(change.check(room, row));
  if (!change.content.has_value() && row.hidden) return row;
  if (change.content.has_value() && *change.content == row.content) return row;
  if (!row.original_content.has_value()) row.original_content = row.content;
  if (change.content.has_value()) {
    DRAMATIS_RETURN_IF_ERROR(StoreEdit(tx, room.row, row, change.now, *change.content));
  } else {
    row.hidden = true;
    row.content.clear();
  }
  ++row.version;
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kChangeMessage, {change.conversation_id, change.message_id, row.content,
                                  row.edited_at, row.hidden, row.original_content, row.version})
          .status());
  DRAMATIS_RETURN_IF_ERROR(row.hidden ? ForgetIndex(tx, change.conversation_id, row.sequence)
                                      : IndexMessage(tx, change.conversation_id, row.sequence));
  // What was taken back is to leave no trace.
  DRAMATIS_RETURN_IF_ERROR(
      NoteForgottenMessage(tx, change.conversation_id, {row.message_id, row.sequence}));
  DRAMATIS_RETURN_IF_ERROR(
      AppendEvent(tx, change.conversation_id,
                  EventOf(EventKind::kMessage, absl::StrCat(row.sequence), change.now)));
  return row;
}

}  // namespace

absl::StatusOr<Idempotent<AppendedMessage>> SqlRoomStore::AppendRoomMessage(
    const NewRoomMessage& message, const Answering<AppendedMessage>& once) {
  auto appended =
      WriteToRoom(database_, feed_, message.conversation_id, message.now,
                  Once(once, message.now, [&](Transaction& tx) { return Append(tx, message); }));
  if (appended.ok() && !appended->replayed) feed_.Changed(message.conversation_id);
  return appended;
}

absl::StatusOr<std::optional<MessageRow>> SqlRoomStore::FindRoomMessage(
    const std::string& conversation_id, const std::string& message_id) {
  return database_.Read(
      [&](Transaction& tx) { return SelectMessage(tx, conversation_id, message_id); });
}

absl::StatusOr<MessageRow> SqlRoomStore::ChangeRoomMessage(const RoomMessageChange& change) {
  auto changed = WriteToRoom(database_, feed_, change.conversation_id, change.now,
                             [&](Transaction& tx) { return Change(tx, change); });
  if (changed.ok()) feed_.Changed(change.conversation_id);
  return changed;
}

}  // namespace dramatis::conversation
