#include "services/conversation/model/room_views.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/conversation/model/permissions.h"
#include "services/conversation/model/session_views.h"

namespace dramatis::conversation {
namespace {

v1::MessageType ToApi(RoomMessageType type) {
  switch (type) {
    case RoomMessageType::kText:
      return v1::MESSAGE_TYPE_TEXT;
    case RoomMessageType::kAction:
      return v1::MESSAGE_TYPE_ACTION;
    case RoomMessageType::kReveal:
      return v1::MESSAGE_TYPE_REVEAL;
  }
  return v1::MESSAGE_TYPE_UNSPECIFIED;
}

// What the caller sees the participant to be. That it was ambiguous is for owner and admins, also
// after it was revealed.
v1::ParticipantType TypeFor(const Room& room,
                            const ParticipantRow& participant,
                            const Identity& identity) {
  const bool knows_all = identity.MayManage(participant.user_id);
  if (!knows_all && IsHidden(room, participant)) return v1::PARTICIPANT_TYPE_UNKNOWN;
  switch (participant.kind) {
    case PersonaKind::kHuman:
      return v1::PARTICIPANT_TYPE_HUMAN;
    case PersonaKind::kAgent:
      return v1::PARTICIPANT_TYPE_AI_AGENT;
    case PersonaKind::kAmbiguous:
      return knows_all ? v1::PARTICIPANT_TYPE_AI_AMBIGUOUS : v1::PARTICIPANT_TYPE_AI_AGENT;
  }
  return v1::PARTICIPANT_TYPE_UNKNOWN;
}

// What the message was then. Of one that was edited since, the first text: it was said, and which
// of the later ones was in between is not known.
MessageRow AsOf(const std::optional<Horizon>& horizon, MessageRow row) {
  if (!horizon.has_value() || !row.edited_at.has_value() || *row.edited_at <= horizon->time) {
    return row;
  }
  if (!row.hidden && row.original_content.has_value()) row.content = *row.original_content;
  row.edited_at.reset();
  return row;
}

}  // namespace

const ParticipantRow* FindParticipant(const Room& room, const std::string& persona_id) {
  const auto found =
      std::find_if(room.participants.begin(), room.participants.end(),
                   [&](const ParticipantRow& row) { return row.persona_id == persona_id; });
  return found == room.participants.end() ? nullptr : &*found;
}

bool IsHidden(const Room& room, const ParticipantRow& participant) {
  return !participant.revealed &&
         (room.row.settings.ambiguous() || participant.kind == PersonaKind::kAmbiguous);
}

bool IsMasked(const Room& room, const std::string& persona_id, const Identity& identity) {
  const ParticipantRow* const participant = FindParticipant(room, persona_id);
  if (participant == nullptr) return !identity.IsAdmin();
  return !identity.MayManage(participant->user_id) && IsHidden(room, *participant);
}

std::string EtagOf(const RoomRow& row) {
  return absl::StrCat(row.version);
}

std::string EtagOf(const MessageRow& row) {
  return absl::StrCat(row.version);
}

v1::Visibility ToApi(RoomVisibility visibility) {
  switch (visibility) {
    case RoomVisibility::kPrivate:
      return v1::VISIBILITY_PRIVATE;
    case RoomVisibility::kUnlisted:
      return v1::VISIBILITY_UNLISTED;
    case RoomVisibility::kPublic:
      return v1::VISIBILITY_PUBLIC;
  }
  return v1::VISIBILITY_UNSPECIFIED;
}

v1::ConversationStatus ToApi(RoomStatus status) {
  switch (status) {
    case RoomStatus::kActive:
      return v1::CONVERSATION_STATUS_ACTIVE;
    case RoomStatus::kPaused:
      return v1::CONVERSATION_STATUS_PAUSED;
    case RoomStatus::kCompleted:
      return v1::CONVERSATION_STATUS_COMPLETED;
    case RoomStatus::kTerminated:
      return v1::CONVERSATION_STATUS_TERMINATED;
  }
  return v1::CONVERSATION_STATUS_UNSPECIFIED;
}

v1::ParticipantRole ToApi(Role role) {
  switch (role) {
    case Role::kInitiator:
      return v1::PARTICIPANT_ROLE_INITIATOR;
    case Role::kHost:
      return v1::PARTICIPANT_ROLE_HOST;
    case Role::kGuest:
      return v1::PARTICIPANT_ROLE_GUEST;
    case Role::kModerator:
      return v1::PARTICIPANT_ROLE_MODERATOR;
  }
  return v1::PARTICIPANT_ROLE_UNSPECIFIED;
}

v1::Conversation ToConversation(const Room& room, const Identity& identity) {
  const RoomRow& row = room.row;
  v1::Conversation conversation;
  conversation.set_conversation_id(row.conversation_id);
  conversation.set_title(row.title);
  conversation.set_topic(row.topic);
  conversation.set_description(row.description);
  conversation.set_goal(row.goal);
  conversation.mutable_topic_tags()->Add(row.topic_tags.begin(), row.topic_tags.end());
  conversation.set_visibility(ToApi(row.visibility));
  *conversation.mutable_constraints() = row.constraints;
  *conversation.mutable_settings() = row.settings;
  // Of a room that is older than turn policies.
  if (row.settings.turn_policy() == v1::TURN_POLICY_UNSPECIFIED) {
    conversation.mutable_settings()->set_turn_policy(v1::TURN_POLICY_NATURAL);
  }
  conversation.set_status(ToApi(row.status));
  const std::optional<Horizon> horizon = HorizonOf(room, identity);
  for (const ParticipantRow& participant : room.participants) {
    if (!MayMeet(room, participant, identity)) continue;
    *conversation.add_participants() = ToParticipant(room, participant, identity);
  }
  *conversation.mutable_permissions() = PermissionsOf(room, identity);
  conversation.set_message_count(
      horizon.has_value() ? std::min(row.last_sequence, horizon->sequence) : row.last_sequence);
  conversation.set_close_reason(row.close_reason);
  conversation.set_etag(EtagOf(row));
  *conversation.mutable_create_time() = ToTimestamp(row.created_at);
  *conversation.mutable_update_time() =
      ToTimestamp(horizon.has_value() ? std::min(row.updated_at, horizon->time) : row.updated_at);
  if (row.closed_at.has_value()) *conversation.mutable_close_time() = ToTimestamp(*row.closed_at);
  return conversation;
}

v1::Participant ToParticipant(const Room& room,
                              const ParticipantRow& row,
                              const Identity& identity) {
  v1::Participant participant;
  participant.set_conversation_id(room.row.conversation_id);
  participant.set_persona_id(row.persona_id);
  participant.set_name(row.name);
  participant.set_type(TypeFor(room, row, identity));
  participant.set_role(ToApi(row.role));
  participant.set_revealed(!IsHidden(room, row));
  participant.set_own(row.user_id == identity.user_id);
  *participant.mutable_join_time() = ToTimestamp(row.joined_at);
  const std::optional<Horizon> horizon = HorizonOf(room, identity);
  if (row.left_at.has_value() && (!horizon.has_value() || *row.left_at <= horizon->time)) {
    *participant.mutable_leave_time() = ToTimestamp(*row.left_at);
  }
  return participant;
}

bool MayRead(const Room& room, const MessageRow& message, const Identity& identity) {
  const std::optional<Horizon> horizon = HorizonOf(room, identity);
  return !horizon.has_value() || message.sequence <= horizon->sequence;
}

bool MayMeet(const Room& room, const ParticipantRow& participant, const Identity& identity) {
  const std::optional<Horizon> horizon = HorizonOf(room, identity);
  return !horizon.has_value() || participant.joined_at <= horizon->time;
}

v1::ConversationMessage ToConversationMessage(const Room& room,
                                              const MessageRow& stored,
                                              const Identity& identity) {
  const MessageRow row = AsOf(HorizonOf(room, identity), stored);
  v1::ConversationMessage message;
  message.set_message_id(row.message_id);
  message.set_conversation_id(room.row.conversation_id);
  message.set_sequence(row.sequence);
  message.set_persona_id(row.persona_id);
  if (const ParticipantRow* author = FindParticipant(room, row.persona_id); author != nullptr) {
    message.set_persona_name(author->name);
  }
  message.set_content(row.hidden ? "" : row.content);
  message.set_type(ToApi(row.type));
  message.set_reply_to_message_id(row.reply_to_message_id);
  if (!IsMasked(room, row.persona_id, identity)) {
    message.set_generated(row.generated());
    message.set_turn_id(row.turn_id);
    message.set_model(row.model);
    message.set_finish_reason(row.finish_reason);
    message.set_turn_reason(row.turn_reason);
  }
  const bool own = identity.user_id == row.user_id;
  if (row.generated() && (own || identity.IsAdmin())) {
    message.mutable_usage()->ParseFromString(row.usage);
  }
  message.set_hidden(row.hidden);
  if (row.edited_at.has_value()) *message.mutable_edit_time() = ToTimestamp(*row.edited_at);
  *message.mutable_create_time() = ToTimestamp(row.created_at);
  message.set_etag(EtagOf(row));
  if (row.original_content.has_value() &&
      (own || RequireRight(room, identity, Permission::kRemoveParticipant).ok())) {
    message.set_original_content(*row.original_content);
  }
  return message;
}

v1::CreateMessageResponse ToCreateMessageResponse(const AppendedMessage& appended,
                                                  const Identity& identity) {
  v1::CreateMessageResponse response;
  *response.mutable_message() = ToConversationMessage(appended.room, appended.message, identity);
  for (const PlannedTurnRow& row : appended.turns) {
    if (row.model_picks || IsMasked(appended.room, row.persona_id, identity)) continue;
    v1::PlannedTurn& turn = *response.add_turns();
    turn.set_turn_id(row.turn_id);
    turn.set_persona_id(row.persona_id);
    *turn.mutable_due_time() = ToTimestamp(row.due_at);
    if (identity.IsAdmin()) *turn.mutable_score() = row.score;
  }
  return response;
}

std::string RevealText(const ParticipantRow& participant) {
  return absl::StrCat(participant.name,
                      participant.speaks_by_model() ? " is an AI." : " is a person.");
}

}  // namespace dramatis::conversation
