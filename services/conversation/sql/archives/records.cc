#include "services/conversation/sql/archives/records.h"

#include <algorithm>
#include <optional>

#include "services/conversation/model/room_closing.h"
#include "services/conversation/model/room_names.h"
#include "services/conversation/model/room_views.h"
#include "services/conversation/model/session_views.h"
#include "services/conversation/sessions/new_session.h"
#include "services/conversation/sql/rows.h"
#include "shared/time/timestamps.h"

namespace dramatis::conversation {
namespace {

// The epoch where nothing is said, or what no row can hold.
absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  constexpr int64_t kLastSecond = 253'402'300'799;
  if (time.seconds() < 0 || time.seconds() > kLastSecond) return absl::UnixEpoch();
  return absl::FromUnixMicros(absl::ToUnixMicros(FromTimestamp(time)));
}

std::optional<absl::Time> OptionalTimeOf(bool has, const google::protobuf::Timestamp& time) {
  if (!has) return std::nullopt;
  return TimeOf(time);
}

bool IsOwn(const ParticipantRow& row, const std::string& user_id) {
  return row.user_id == user_id;
}

}  // namespace

v1::ArchivedSession ToRecord(const SessionRow& row) {
  v1::ArchivedSession record;
  record.set_session_id(row.session_id);
  record.set_persona_id(row.persona_id);
  record.set_persona_name(row.persona_name);
  record.set_title(row.title);
  record.set_title_given(row.title_given);
  if (!row.metadata.empty()) (void)record.mutable_metadata()->ParseFromString(row.metadata);
  *record.mutable_create_time() = ToTimestamp(row.created_at);
  *record.mutable_last_activity_time() = ToTimestamp(row.last_activity_at);
  *record.mutable_expire_time() = ToTimestamp(row.expires_at);
  if (row.ended_at.has_value()) *record.mutable_end_time() = ToTimestamp(*row.ended_at);
  record.set_ttl_seconds(static_cast<int>(absl::ToInt64Seconds(row.ttl)));
  return record;
}

SessionRow ToSessionRow(const v1::ArchivedSession& record, const std::string& user_id) {
  SessionRow row;
  row.conversation_id = ConversationIdOf(user_id, record.session_id());
  row.user_id = user_id;
  row.session_id = record.session_id();
  row.persona_id = record.persona_id();
  row.persona_name = record.persona_name();
  row.title = record.title();
  row.title_given = record.title_given();
  if (record.has_metadata()) row.metadata = record.metadata().SerializeAsString();
  row.created_at = TimeOf(record.create_time());
  row.last_activity_at = TimeOf(record.last_activity_time());
  row.expires_at = TimeOf(record.expire_time());
  row.ended_at = OptionalTimeOf(record.has_end_time(), record.end_time());
  row.ttl = record.ttl_seconds() > 0 ? absl::Seconds(record.ttl_seconds()) : kDefaultTtl;
  row.hold_expires_at = absl::UnixEpoch();
  return row;
}

v1::ArchivedMessage ToRecord(const MessageRow& row, const std::string& user_id) {
  v1::ArchivedMessage record;
  record.set_message_id(row.message_id);
  record.set_persona_id(row.persona_id);
  record.set_content(row.content);
  *record.mutable_create_time() = ToTimestamp(row.created_at);
  if (row.edited_at.has_value()) *record.mutable_edit_time() = ToTimestamp(*row.edited_at);
  if (row.original_content.has_value()) record.set_original_content(*row.original_content);
  record.set_hidden(row.hidden);
  record.set_type(NameOf(row.type));
  record.set_reply_to_message_id(row.reply_to_message_id);
  record.set_version(row.version);
  record.set_turn_id(row.turn_id);
  record.set_model(row.model);
  record.set_finish_reason(row.finish_reason);
  record.set_retrieval(row.retrieval);
  if (!row.usage.empty()) (void)record.mutable_usage()->ParseFromString(row.usage);
  record.set_own(row.persona_id.empty() || row.user_id == user_id);
  record.set_turn_reason(row.turn_reason);
  return record;
}

MessageRow ToMessageRow(const v1::ArchivedMessage& record) {
  MessageRow row;
  row.message_id = record.message_id();
  row.persona_id = record.persona_id();
  row.content = record.content();
  row.created_at = TimeOf(record.create_time());
  row.edited_at = OptionalTimeOf(record.has_edit_time(), record.edit_time());
  if (record.has_original_content()) row.original_content = record.original_content();
  row.hidden = record.hidden();
  row.type = MessageTypeOf(record.type());
  row.reply_to_message_id = record.reply_to_message_id();
  row.version = std::max(record.version(), 1);
  row.turn_id = record.turn_id();
  row.model = record.model();
  row.finish_reason = record.finish_reason();
  row.retrieval = record.retrieval();
  if (record.has_usage()) row.usage = record.usage().SerializeAsString();
  row.turn_reason = record.turn_reason();
  return row;
}

v1::ArchivedTurn ToRecord(const TurnRow& row, const std::string& manifest) {
  v1::ArchivedTurn record;
  record.set_turn_id(row.turn_id);
  record.set_persona_id(row.persona_id);
  record.set_trigger_message_id(row.trigger_message_id);
  record.set_trigger_sequence(row.trigger_sequence);
  record.set_alternative(row.alternative);
  record.set_state(NameOf(row.state));
  record.set_text(row.text);
  record.set_reply_message_id(row.reply_message_id);
  record.set_finish_reason(row.finish_reason);
  record.set_model(row.model);
  record.set_wanted_model(row.wanted_model);
  if (!row.usage.empty()) (void)record.mutable_usage()->ParseFromString(row.usage);
  if (!manifest.empty()) (void)record.mutable_manifest()->ParseFromString(manifest);
  record.set_error(row.error);
  record.set_attempt(row.attempt);
  record.set_retrieval(row.reply_retrieval);
  *record.mutable_create_time() = ToTimestamp(row.created_at);
  *record.mutable_update_time() = ToTimestamp(row.updated_at);
  return record;
}

TurnRow ToTurnRow(const v1::ArchivedTurn& record, const SessionRow& session) {
  TurnRow row;
  row.conversation_id = session.conversation_id;
  row.turn_id = record.turn_id();
  row.user_id = session.user_id;
  row.session_id = session.session_id;
  row.persona_id = record.persona_id();
  row.trigger_message_id = record.trigger_message_id();
  row.trigger_sequence = record.trigger_sequence();
  row.alternative = record.alternative();
  row.state = TurnStateOf(record.state());
  row.attempt = std::max(record.attempt(), 1);
  row.lease.expires_at = absl::UnixEpoch();
  row.text = record.text();
  row.reply_message_id = record.reply_message_id();
  row.finish_reason = record.finish_reason();
  row.model = record.model();
  row.wanted_model = record.wanted_model();
  if (record.has_usage()) row.usage = record.usage().SerializeAsString();
  row.error = record.error();
  row.reply_retrieval = record.retrieval();
  row.created_at = TimeOf(record.create_time());
  row.updated_at = TimeOf(record.update_time());
  return row;
}

v1::ArchivedRoom ToRecord(const Room& room, const std::string& user_id) {
  const RoomRow& row = room.row;
  v1::ArchivedRoom record;
  record.set_conversation_id(row.conversation_id);
  record.set_own(row.user_id == user_id);
  record.set_persona_id(row.persona_id);
  record.set_title(row.title);
  record.set_topic(row.topic);
  record.set_description(row.description);
  record.set_goal(row.goal);
  for (const std::string& tag : row.topic_tags)
    record.add_topic_tags(tag);
  record.set_visibility(NameOf(row.visibility));
  record.set_status(NameOf(row.status));
  record.set_close_reason(row.close_reason);
  record.set_version(row.version);
  *record.mutable_constraints() = row.constraints;
  *record.mutable_settings() = row.settings;
  *record.mutable_create_time() = ToTimestamp(row.created_at);
  *record.mutable_update_time() = ToTimestamp(row.updated_at);
  if (row.closed_at.has_value()) *record.mutable_close_time() = ToTimestamp(*row.closed_at);
  for (const ParticipantRow& participant : room.participants) {
    const bool own = IsOwn(participant, user_id);
    v1::ArchivedParticipant& archived = *record.add_participants();
    archived.set_persona_id(participant.persona_id);
    archived.set_own(own);
    archived.set_brought(participant.brought_by == user_id);
    archived.set_name(participant.name);
    if (own || !IsHidden(room, participant)) archived.set_type(NameOf(participant.kind));
    archived.set_role(NameOf(participant.role));
    archived.set_revealed(participant.revealed);
    *archived.mutable_join_time() = ToTimestamp(participant.joined_at);
    if (participant.left_at.has_value()) {
      *archived.mutable_leave_time() = ToTimestamp(*participant.left_at);
    }
    if (own) archived.set_facts(participant.facts);
  }
  return record;
}

Room ToRoom(const v1::ArchivedRoom& record, const std::string& user_id, absl::Time now) {
  Room room;
  RoomRow& row = room.row;
  row.conversation_id = record.conversation_id();
  row.user_id = user_id;
  row.persona_id = record.persona_id();
  row.title = record.title();
  row.topic = record.topic();
  row.description = record.description();
  row.goal = record.goal();
  row.topic_tags.assign(record.topic_tags().begin(), record.topic_tags().end());
  row.visibility = VisibilityOf(record.visibility());
  row.constraints = record.constraints();
  row.settings = record.settings();
  row.status = RoomStatusOf(record.status());
  row.close_reason = record.close_reason();
  row.version = std::max(record.version(), 1);
  row.created_at = TimeOf(record.create_time());
  row.updated_at = TimeOf(record.update_time());
  row.last_message_at = row.created_at;
  row.closed_at = OptionalTimeOf(record.has_close_time(), record.close_time());
  if (row.closed() && !row.closed_at.has_value()) row.closed_at = row.updated_at;
  row.hold_expires_at = absl::UnixEpoch();
  for (const v1::ArchivedParticipant& archived : record.participants()) {
    ParticipantRow& participant = room.participants.emplace_back();
    participant.persona_id = archived.persona_id();
    participant.user_id = archived.own() ? user_id : "";
    participant.brought_by = archived.brought() ? user_id : "";
    participant.name = archived.name();
    participant.kind =
        archived.type().empty() ? PersonaKind::kHuman : PersonaKindOf(archived.type());
    participant.role = RoleOf(archived.role());
    participant.revealed = archived.revealed();
    if (archived.own()) participant.facts = archived.facts();
    participant.position = static_cast<int>(room.participants.size());
    participant.joined_at = TimeOf(archived.join_time());
    participant.left_at = OptionalTimeOf(archived.has_leave_time(), archived.leave_time());
    if (!archived.own() && participant.present()) participant.left_at = now;
  }
  return room;
}

}  // namespace dramatis::conversation
