#include "services/conversation/model/session_views.h"

#include <map>

#include "services/conversation/model/turn_error.h"
#include "shared/status/errors.h"

namespace dramatis::conversation {
namespace {

// Whether it came to its end by an error: a failure, or what happened to its room.
bool WasStopped(const TurnRow& row) {
  return row.state == TurnState::kFailed ||
         (row.state == TurnState::kCancelled && !row.error.empty());
}

// The facts about an answer that its message and the answer to the chat both carry.
template <class Map>
void FillMetadata(const std::string& turn_id,
                  const std::string& model,
                  const std::string& finish_reason,
                  bool retrieval,
                  Map& metadata) {
  // A greeting, and what was imported, has no turn.
  if (!turn_id.empty()) metadata["turn_id"] = turn_id;
  if (!model.empty()) metadata["model"] = model;
  if (!finish_reason.empty()) metadata["finish_reason"] = finish_reason;
  if (retrieval) metadata["retrieval"] = "true";
}

}  // namespace

absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

SessionStatus StatusOf(const std::optional<absl::Time>& ended_at,
                       absl::Time expires_at,
                       absl::Time now) {
  if (ended_at.has_value()) return SessionStatus::kEnded;
  return expires_at > now ? SessionStatus::kActive : SessionStatus::kExpired;
}

v1::TurnState ToApi(TurnState state) {
  switch (state) {
    case TurnState::kPending:
      return v1::TURN_STATE_PENDING;
    case TurnState::kRunning:
      return v1::TURN_STATE_RUNNING;
    case TurnState::kDone:
      return v1::TURN_STATE_DONE;
    case TurnState::kFailed:
      return v1::TURN_STATE_FAILED;
    case TurnState::kCancelled:
      return v1::TURN_STATE_CANCELLED;
  }
  return v1::TURN_STATE_UNSPECIFIED;
}

v1::SessionStatus ToApi(SessionStatus status) {
  switch (status) {
    case SessionStatus::kActive:
      return v1::SESSION_STATUS_ACTIVE;
    case SessionStatus::kEnded:
      return v1::SESSION_STATUS_ENDED;
    case SessionStatus::kExpired:
      return v1::SESSION_STATUS_EXPIRED;
  }
  return v1::SESSION_STATUS_UNSPECIFIED;
}

v1::Session ToSession(const SessionRow& row, absl::Time now) {
  v1::Session session;
  session.set_session_id(row.session_id);
  session.set_status(ToApi(StatusOf(row.ended_at, row.expires_at, now)));
  session.set_persona_id(row.persona_id);
  session.set_persona_name(row.persona_name);
  session.set_title(row.title);
  *session.mutable_created_at() = ToTimestamp(row.created_at);
  *session.mutable_last_activity_at() = ToTimestamp(row.last_activity_at);
  *session.mutable_expires_at() = ToTimestamp(row.expires_at);
  if (row.ended_at.has_value()) *session.mutable_ended_at() = ToTimestamp(*row.ended_at);
  session.set_message_count(row.last_sequence);
  session.set_temporary(row.temporary);
  if (!row.metadata.empty()) session.mutable_metadata()->ParseFromString(row.metadata);
  return session;
}

v1::SessionSummary ToSummary(const SessionSummaryRow& row, absl::Time now) {
  v1::SessionSummary summary;
  summary.set_session_id(row.session_id);
  summary.set_title(row.title);
  *summary.mutable_created_at() = ToTimestamp(row.created_at);
  *summary.mutable_updated_at() = ToTimestamp(row.updated_at);
  summary.set_message_count(row.message_count);
  summary.set_last_message_preview(row.preview);
  summary.set_status(ToApi(StatusOf(row.ended_at, row.expires_at, now)));
  summary.set_persona_id(row.persona_id);
  return summary;
}

v1::Message ToMessage(const MessageRow& row) {
  v1::Message message;
  message.set_message_id(row.message_id);
  message.set_role(row.author() == ParticipantKind::kUser ? v1::MESSAGE_ROLE_USER
                                                          : v1::MESSAGE_ROLE_ASSISTANT);
  message.set_content(row.content);
  *message.mutable_timestamp() = ToTimestamp(row.created_at);
  message.set_sequence(row.sequence);
  if (row.author() == ParticipantKind::kPersona) {
    FillMetadata(row.turn_id, row.model, row.finish_reason, row.retrieval,
                 *message.mutable_metadata());
  }
  return message;
}

v1::Turn ToTurn(const TurnRow& row) {
  v1::Turn turn;
  turn.set_turn_id(row.turn_id);
  turn.set_session_id(row.session_id);
  turn.set_persona_id(row.persona_id);
  turn.set_state(ToApi(row.state));
  turn.set_text(row.text);
  turn.set_attempt(row.attempt);
  turn.set_alternative(row.alternative);
  turn.set_user_message_id(row.trigger_message_id);
  turn.set_message_id(row.reply_message_id);
  turn.set_finish_reason(row.finish_reason);
  turn.set_model(row.model);
  if (!row.usage.empty()) turn.mutable_usage()->ParseFromString(row.usage);
  if (WasStopped(row)) turn.set_error_code(GetReason(ParseError(row.error)));
  if (row.in_room()) turn.set_conversation_id(row.conversation_id);
  *turn.mutable_created_at() = ToTimestamp(row.created_at);
  *turn.mutable_updated_at() = ToTimestamp(row.updated_at);
  return turn;
}

TurnFacts FactsOf(const TurnRow& row) {
  return {.conversation_id = row.conversation_id,
          .turn_id = row.turn_id,
          .session_id = row.session_id,
          .user_id = row.user_id,
          .user_message_id = row.trigger_message_id};
}

absl::StatusOr<v1::ChatResponse> OutcomeOf(const TurnRow& row) {
  if (WasStopped(row)) {
    return WithMetadata(ParseError(row.error), {{"turn_id", row.turn_id}});
  }
  v1::ChatResponse response;
  response.set_response(row.text);
  response.set_session_id(row.session_id);
  response.set_turn_id(row.turn_id);
  response.set_message_id(row.reply_message_id);
  response.set_user_message_id(row.trigger_message_id);
  *response.mutable_timestamp() =
      ToTimestamp(row.reply_message_id.empty() ? row.updated_at : row.reply_created_at);
  response.set_model(row.model);
  response.set_finish_reason(row.finish_reason);
  response.mutable_usage()->ParseFromString(row.usage);
  FillMetadata(row.turn_id, row.model, row.finish_reason, row.reply_retrieval,
               *response.mutable_metadata());
  return response;
}

TurnRow Ended(TurnRow row, const TurnEnd& end) {
  row.state = end.state;
  row.text = end.text;
  row.reply_message_id = end.message_id;
  row.finish_reason = end.finish_reason;
  row.model = end.model;
  row.usage = end.usage;
  row.error = end.error;
  row.updated_at = end.now;
  row.reply_created_at = end.now;
  row.reply_retrieval = end.retrieval;
  return row;
}

absl::Status Refusal(const SessionRow& row, const std::string& persona_id, absl::Time now) {
  if (row.ended_at.has_value() || row.expires_at <= now) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_SESSION_ENDED,
                 row.ended_at.has_value() ? "the session has ended" : "the session has expired");
  }
  if (!persona_id.empty() && persona_id != row.persona_id) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_PERSONA_MISMATCH,
                 "the session is with another persona");
  }
  if (!row.active_turn_id.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TURN_IN_PROGRESS,
                 "a turn of the session is running", {{"turn_id", row.active_turn_id}});
  }
  return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT,
               "the session changed meanwhile");
}

}  // namespace dramatis::conversation
