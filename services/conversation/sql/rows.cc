#include "services/conversation/sql/rows.h"

#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "absl/strings/str_cat.h"
#include "services/conversation/model/titles.h"
#include "services/conversation/sql/message_rows.h"
#include "services/conversation/sql/search.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Bytes;
using sql::Rows;
using sql::Statement;

constexpr Statement kSelectSession = {"select " SESSION_COLUMNS
                                      " from conversations where conversation_id = $1"};

// Whoever comes second waits here until the first has committed, and then counts its session too.
constexpr Statement kLockUser = {R"(
  insert into user_sessions (user_id, started)
  values ($1, 1)
  on conflict (user_id) do update set started = user_sessions.started + 1)"};

constexpr Statement kCountLive = {R"(
  select count(*)
  from user_conversations
  where user_id = $1 and ended_at is null and expires_at > $2)"};

constexpr Statement kInsertSession = {"insert into conversations (" SESSION_COLUMNS
                                      ")"
                                      R"(
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, null, $12, $13, $14, '', $15)
  on conflict (conversation_id) do nothing
  returning conversation_id)"};

constexpr Statement kInsertParticipants = {R"(
  insert into participants (conversation_id, participant_id, kind, ref_id, name, joined_at)
  values ($1, $2, 'user', $3, '', $4), ($1, $5, 'persona', $6, $7, $4))"};

constexpr Statement kInsertListEntry = {R"(
  insert into user_conversations (user_id, conversation_id, session_id, persona_id, title,
    created_at, updated_at, expires_at, message_count, preview)
  values ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9))"};

constexpr Statement kUpdateListEntry = {R"(
  update user_conversations
  set title = $3, updated_at = $4, expires_at = $5, message_count = $6, preview = $7
  where user_id = $1 and conversation_id = $2)"};

constexpr Statement kEndPast = {
    "update conversations set ended_at = $3 where user_id = $1 and conversation_id = $2"};
constexpr Statement kEndPastEntry = {R"(
  update user_conversations
  set ended_at = $3, updated_at = $3
  where user_id = $1 and conversation_id = $2)"};

MessageRow Greeting(const SessionRow& row) {
  MessageRow message;
  message.sequence = row.last_sequence;
  message.message_id = row.greeting_message_id;
  message.persona_id = row.persona_id;
  message.content = row.greeting;
  message.created_at = row.created_at;
  return message;
}

}  // namespace

SessionRow ToSession(const sql::Row& row) {
  SessionRow conversation;
  conversation.conversation_id = row.Text(0);
  conversation.user_id = row.Text(1);
  conversation.session_id = row.Text(2);
  conversation.persona_id = row.Text(3);
  conversation.persona_name = row.Text(4);
  conversation.title = row.Text(5);
  conversation.title_given = row.Bool(6);
  conversation.metadata = row.Blob(7);
  conversation.created_at = row.Time(8);
  conversation.last_activity_at = row.Time(9);
  conversation.expires_at = row.Time(10);
  conversation.ended_at = row.OptionalTime(11);
  conversation.ttl = absl::Microseconds(row.Int64(12));
  conversation.hold_expires_at = row.Time(13);
  conversation.last_sequence = row.Int(14);
  conversation.active_turn_id = row.Text(15);
  conversation.temporary = row.Bool(16);
  return conversation;
}

const char* NameOf(ParticipantKind kind) {
  return kind == ParticipantKind::kUser ? "user" : "persona";
}

ParticipantKind ParticipantKindOf(const std::string& name) {
  return name == "user" ? ParticipantKind::kUser : ParticipantKind::kPersona;
}

const char* NameOf(TurnState state) {
  switch (state) {
    case TurnState::kPending:
      return "pending";
    case TurnState::kRunning:
      return "running";
    case TurnState::kDone:
      return "done";
    case TurnState::kFailed:
      return "failed";
    case TurnState::kCancelled:
      return "cancelled";
  }
  return "failed";
}

TurnState TurnStateOf(const std::string& name) {
  if (name == "pending") return TurnState::kPending;
  if (name == "running") return TurnState::kRunning;
  if (name == "done") return TurnState::kDone;
  if (name == "cancelled") return TurnState::kCancelled;
  return TurnState::kFailed;
}

absl::StatusOr<std::optional<SessionRow>> SelectSession(sql::Transaction& tx,
                                                        const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kSelectSession, {conversation_id}));
  if (rows.empty()) return std::nullopt;
  return ToSession(rows.front());
}

absl::Status InsertSession(sql::Transaction& tx, const SessionRow& row) {
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kLockUser, {row.user_id}).status());
  DRAMATIS_ASSIGN_OR_RETURN(const Rows live, tx.Execute(kCountLive, {row.user_id, row.created_at}));
  if (live.front().Int64(0) >= kMaxLiveSessions) {
    return Error(absl::StatusCode::kResourceExhausted, v1::ERROR_REASON_SESSION_QUOTA_EXCEEDED,
                 absl::StrCat("a user has at most ", kMaxLiveSessions, " live sessions: end one"));
  }
  DRAMATIS_ASSIGN_OR_RETURN(const bool made, InsertSessionRows(tx, row));
  // Else another transaction was first.
  if (!made || row.greeting.empty()) return absl::OkStatus();
  return AppendToSession(tx, row, Greeting(row));
}

absl::StatusOr<bool> InsertSessionRows(sql::Transaction& tx, const SessionRow& row) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows inserted,
      tx.Execute(kInsertSession,
                 {row.conversation_id, row.user_id, row.session_id, row.persona_id,
                  row.persona_name, row.title, row.title_given, Bytes{row.metadata}, row.created_at,
                  row.last_activity_at, row.expires_at, absl::ToInt64Microseconds(row.ttl),
                  row.hold_expires_at, row.last_sequence, row.temporary}));
  if (inserted.empty()) return false;
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(
            kInsertParticipants,
            {row.conversation_id, ParticipantId(ParticipantKind::kUser, row.user_id), row.user_id,
             row.created_at, ParticipantId(ParticipantKind::kPersona, row.persona_id),
             row.persona_id, row.persona_name})
          .status());
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kInsertListEntry,
                 {row.user_id, row.conversation_id, row.session_id, row.persona_id, row.title,
                  row.created_at, row.expires_at, row.last_sequence, PreviewOf(row.greeting)})
          .status());
  DRAMATIS_RETURN_IF_ERROR(IndexTitle(tx, row));
  return true;
}

absl::Status EndPastSession(sql::Transaction& tx, const SessionRow& row) {
  for (const Statement* statement : {&kEndPast, &kEndPastEntry}) {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(*statement, {row.user_id, row.conversation_id, row.ended_at}).status());
  }
  return absl::OkStatus();
}

absl::Status AppendToSession(sql::Transaction& tx,
                             const SessionRow& session,
                             const MessageRow& message) {
  DRAMATIS_RETURN_IF_ERROR(InsertMessage(tx, session.conversation_id, message));
  return IndexMessage(tx, session.conversation_id, message.sequence);
}

absl::Status UpdateListEntry(sql::Transaction& tx,
                             const SessionRow& row,
                             const std::string& newest_message) {
  return tx
      .Execute(kUpdateListEntry, {row.user_id, row.conversation_id, row.title, row.last_activity_at,
                                  row.expires_at, row.last_sequence, PreviewOf(newest_message)})
      .status();
}

}  // namespace dramatis::conversation
