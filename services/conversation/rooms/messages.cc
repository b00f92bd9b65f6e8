#include "services/conversation/rooms/messages.h"

#include <optional>
#include <string>
#include <vector>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/conversation/model/permissions.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/model/turn_row.h"
#include "services/conversation/rooms/holds.h"
#include "services/conversation/rooms/rooms.h"
#include "shared/call/if_match.h"
#include "shared/page/page_token.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

absl::Status SpokenByModel() {
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_SPOKEN_BY_MODEL,
               "a model speaks for the persona, nobody else");
}

// Whether the caller may speak through the persona now. Who has no place in the room lacks the
// right, whichever persona they name.
absl::Status MaySpeak(const Room& room, const Identity& identity, const std::string& persona_id) {
  DRAMATIS_RETURN_IF_ERROR(Require(room, identity, Permission::kView));
  const ParticipantRow* const row = FindParticipant(room, persona_id);
  const bool own = row != nullptr && row->user_id == identity.user_id;
  if (row != nullptr && !own) return NotPermitted(Permission::kAddMessage);
  if (!own && !TakesPart(room, identity)) return NotPermitted(Permission::kAddMessage);
  if (!own || !row->present()) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_NOT_PARTICIPANT,
                 "the persona does not take part in the conversation");
  }
  if (row->kind == PersonaKind::kAgent) return SpokenByModel();
  return Require(room, identity, Permission::kAddMessage);
}

absl::Status MayEdit(const Room& room, const Identity& identity, const MessageRow& message) {
  DRAMATIS_RETURN_IF_ERROR(Require(room, identity, Permission::kView));
  if (!MayRead(room, message, identity)) return NotFoundError("message");
  // An edit is something said, and whoever was sent out says nothing more.
  if (HorizonOf(room, identity).has_value()) return NotPermitted(Permission::kAddMessage);
  if (message.user_id != identity.user_id || message.type == RoomMessageType::kReveal) {
    return NotPermitted(Permission::kAddMessage);
  }
  if (message.generated()) return SpokenByModel();
  DRAMATIS_RETURN_IF_ERROR(RequireOpen(room));
  if (!message.hidden) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_MESSAGE_HIDDEN,
               "the message was hidden");
}

// Also in a room that is closed: what should not stand there can always be taken back.
absl::Status MayHide(const Room& room, const Identity& identity, const MessageRow& message) {
  DRAMATIS_RETURN_IF_ERROR(Require(room, identity, Permission::kView));
  if (!MayRead(room, message, identity)) return NotFoundError("message");
  if (message.user_id == identity.user_id) return absl::OkStatus();
  return Require(room, identity, Permission::kRemoveParticipant);
}

absl::StatusOr<RoomMessageType> TypeOf(v1::MessageType type) {
  switch (type) {
    case v1::MESSAGE_TYPE_UNSPECIFIED:
    case v1::MESSAGE_TYPE_TEXT:
      return RoomMessageType::kText;
    case v1::MESSAGE_TYPE_ACTION:
      return RoomMessageType::kAction;
    default:
      return FieldErrors({{"type", "must be text or action"}});
  }
}

std::vector<WaitingTurn> ToAwait(const AppendedMessage& appended) {
  std::vector<WaitingTurn> waiting;
  waiting.reserve(appended.turns.size());
  for (const PlannedTurnRow& turn : appended.turns)
    waiting.push_back({appended.room.row.conversation_id, turn.turn_id, turn.due_at});
  return waiting;
}

absl::StatusOr<int> StartOf(const v1::ListMessagesRequest& request, const PageScope& scope) {
  if (request.page_token().empty()) return request.after_sequence();
  if (request.has_after_sequence()) {
    return FieldErrors({{"after_sequence", "must not be given together with page_token"}});
  }
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                            DecodePageToken(scope, request.page_token(), 1));
  int after = 0;
  if (!absl::SimpleAtoi(keys[0], &after)) return CursorError("page_token");
  return after;
}

}  // namespace

absl::StatusOr<Idempotent<v1::CreateMessageResponse>> RoomMessages::Create(
    const CallContext& call, const v1::CreateMessageRequest& request) {
  NewRoomMessage message;
  DRAMATIS_ASSIGN_OR_RETURN(message.type, TypeOf(request.type()));
  message.conversation_id = request.conversation_id();
  message.message_id = tools_.ids.NewId();
  message.persona_id = request.persona_id();
  message.user_id = call.identity.user_id;
  message.key = PackKey(call.identity.key.get());
  message.content = request.content();
  message.reply_to_message_id = request.reply_to_message_id();
  message.now = tools_.clock.Now();
  message.check = [&](const Room& room) {
    return MaySpeak(room, call.identity, request.persona_id());
  };
  message.plan = plan_;
  const auto show = [&](const AppendedMessage& appended) {
    return ToCreateMessageResponse(appended, call.identity);
  };
  DRAMATIS_ASSIGN_OR_RETURN(
      const Idempotent<AppendedMessage> appended,
      tools_.store.AppendRoomMessage(message, {{call, "CreateMessage", request}, show}));
  if (!appended.replayed) {
    if (appended.result.room.row.closed()) ReleaseRoom(tools_, call, appended.result.room);
    if (planned_ && !appended.result.turns.empty()) planned_(ToAwait(appended.result));
  }
  return FirstAnswer(appended, show);
}

absl::StatusOr<v1::ListMessagesResponse> RoomMessages::List(
    const CallContext& call, const v1::ListMessagesRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Room room,
                            FindViewable(tools_, call.identity, request.conversation_id()));
  const PageScope scope(call, absl::StrCat("room-messages\n", request.conversation_id()));
  const auto size = static_cast<size_t>(PageSize(request));
  MessageRange range{.conversation_id = request.conversation_id(),
                     .descending = false,
                     .beyond_sequence = 0,
                     .limit = static_cast<int>(size) + 1};
  DRAMATIS_ASSIGN_OR_RETURN(range.beyond_sequence, StartOf(request, scope));
  DRAMATIS_ASSIGN_OR_RETURN(std::vector<MessageRow> rows, tools_.store.ListRoomMessages(range));
  std::erase_if(rows, [&](const MessageRow& row) { return !MayRead(room, row, call.identity); });
  v1::ListMessagesResponse response;
  if (rows.size() > size) {
    rows.resize(size);
    response.set_next_page_token(EncodePageToken(scope, {absl::StrCat(rows.back().sequence)}));
  }
  for (const MessageRow& row : rows)
    *response.add_messages() = ToConversationMessage(room, row, call.identity);
  return response;
}

absl::StatusOr<v1::ConversationMessage> RoomMessages::Get(const CallContext& call,
                                                          const v1::GetMessageRequest& request) {
  DRAMATIS_ASSIGN_OR_RETURN(const Room room,
                            FindViewable(tools_, call.identity, request.conversation_id()));
  DRAMATIS_ASSIGN_OR_RETURN(
      const std::optional<MessageRow> row,
      tools_.store.FindRoomMessage(request.conversation_id(), request.message_id()));
  if (!row.has_value() || !MayRead(room, *row, call.identity)) return NotFoundError("message");
  return ToConversationMessage(room, *row, call.identity);
}

absl::StatusOr<v1::ConversationMessage> RoomMessages::Update(
    const CallContext& call, const v1::UpdateMessageRequest& request) {
  // Whether there is such a message is for those who may view the room.
  DRAMATIS_RETURN_IF_ERROR(FindViewable(tools_, call.identity, request.conversation_id()).status());
  std::optional<Room> seen;
  RoomMessageChange change;
  change.conversation_id = request.conversation_id();
  change.message_id = request.message_id();
  change.content = request.content();
  change.now = tools_.clock.Now();
  change.check = [&](const Room& room, const MessageRow& message) -> absl::Status {
    seen = room;
    DRAMATIS_RETURN_IF_ERROR(MayEdit(room, call.identity, message));
    return CheckIfMatch(call, EtagOf(message));
  };
  DRAMATIS_ASSIGN_OR_RETURN(const MessageRow row, tools_.store.ChangeRoomMessage(change));
  return ToConversationMessage(*seen, row, call.identity);
}

absl::Status RoomMessages::Delete(const CallContext& call,
                                  const v1::DeleteMessageRequest& request) {
  DRAMATIS_RETURN_IF_ERROR(FindViewable(tools_, call.identity, request.conversation_id()).status());
  RoomMessageChange change;
  change.conversation_id = request.conversation_id();
  change.message_id = request.message_id();
  change.now = tools_.clock.Now();
  change.check = [&](const Room& room, const MessageRow& message) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(MayHide(room, call.identity, message));
    return message.hidden ? absl::OkStatus() : CheckIfMatch(call, EtagOf(message));
  };
  return tools_.store.ChangeRoomMessage(change).status();
}

}  // namespace dramatis::conversation
