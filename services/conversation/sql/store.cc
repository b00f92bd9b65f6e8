#include "services/conversation/sql/store.h"

#include <utility>

#include "dramatis/conversation/v1/conversation.pb.h"

#include "services/conversation/model/session_views.h"
#include "services/conversation/sql/lore/lore_firings.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/once.h"
#include "services/conversation/sql/queue.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/search.h"
#include "services/conversation/sql/shares.h"
#include "services/conversation/sql/transcripts/transcripts.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Its hold is due to be given up.
constexpr Statement kEndSession = {R"(
  update conversations
  set ended_at = $2, hold_expires_at = ttl
  where conversation_id = $1 and ended_at is null
  returning user_id)"};

constexpr Statement kEndListEntry = {R"(
  update user_conversations
  set ended_at = $3, updated_at = $3
  where user_id = $1 and conversation_id = $2)"};

// First of its transaction, so that it waits for a turn that is about to start, and one that comes
// later finds no conversation.
constexpr Statement kDeleteSession = {
    "delete from conversations where conversation_id = $1 and active_turn_id = ''"
    " returning " SESSION_COLUMNS};
// The one that was seen, not another one under its id.
constexpr Statement kDropTemporary = {R"(
  delete from conversations
  where conversation_id = $1 and temporary and created_at = $2 and active_turn_id = ''
    and (ended_at is not null or expires_at <= $3)
  returning )" SESSION_COLUMNS};
constexpr Statement kDeleteMessages = {"delete from messages where conversation_id = $1"};
constexpr Statement kDeleteTurns = {"delete from turns where conversation_id = $1"};
constexpr Statement kDeleteParticipants = {"delete from participants where conversation_id = $1"};
constexpr Statement kDeleteListEntry = {
    "delete from user_conversations where user_id = $1 and conversation_id = $2"};

constexpr Statement kSetTitle = {R"(
  update conversations
  set title = $3
  where conversation_id = $1 and title = $2 and not title_given and kind = 'session'
  returning )" SESSION_COLUMNS};
constexpr Statement kSetListTitle = {
    "update user_conversations set title = $3 where user_id = $1 and conversation_id = $2"};

constexpr Statement kSetHold = {
    "update conversations set hold_expires_at = $2 where conversation_id = $1"};

constexpr Statement kSelectSessionHolds = {"select " SESSION_COLUMNS R"(
  from conversations
  where kind = 'session' and hold_expires_at > 0 and hold_expires_at - ttl <= $1
  order by hold_expires_at - ttl
  limit $2)"};

constexpr Statement kClearHold = {R"(
  update conversations
  set hold_expires_at = 0
  where conversation_id = $1 and hold_expires_at = $2)"};

// What belongs to a session whose row is deleted.
absl::Status DeleteRest(Transaction& tx, const SessionRow& row) {
  const std::string& id = row.conversation_id;
  for (const Statement* statement : {&kDeleteMessages, &kDeleteTurns, &kDeleteParticipants}) {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(*statement, {id}).status());
  }
  DRAMATIS_RETURN_IF_ERROR(DoomTranscript(tx, id));
  DRAMATIS_RETURN_IF_ERROR(DeleteFirings(tx, id));
  DRAMATIS_RETURN_IF_ERROR(ForgetIndex(tx, id));
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kDeleteListEntry, {row.user_id, id}).status());
  DRAMATIS_RETURN_IF_ERROR(DeleteShares(tx, row.user_id, id));
  return NoteForgottenConversation(tx, row.user_id, id);
}

}  // namespace

absl::StatusOr<std::vector<LoreFiring>> SqlStore::LoreFirings(const std::string& conversation_id,
                                                              const std::string& persona_id) {
  return database_.Read(
      [&](Transaction& tx) { return SelectFirings(tx, conversation_id, persona_id); });
}

absl::StatusOr<std::optional<SessionRow>> SqlStore::FindSession(
    const std::string& conversation_id) {
  return database_.Read([&](Transaction& tx) { return SelectSession(tx, conversation_id); });
}

absl::StatusOr<Idempotent<SessionRow>> SqlStore::CreateSession(const SessionRow& row,
                                                               const Answering<SessionRow>& once) {
  return database_.Write(
      Once(once, row.created_at, [&](Transaction& tx) -> absl::StatusOr<SessionRow> {
        DRAMATIS_RETURN_IF_ERROR(InsertSession(tx, row));
        return row;
      }));
}

absl::StatusOr<Idempotent<SessionRow>> SqlStore::EndSession(const std::string& conversation_id,
                                                            absl::Time now,
                                                            const Answering<SessionRow>& once) {
  return database_.Write(Once(once, now, [&](Transaction& tx) -> absl::StatusOr<SessionRow> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows ended, tx.Execute(kEndSession, {conversation_id, now}));
    if (!ended.empty()) {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(kEndListEntry, {ended.front().Text(0), conversation_id, now}).status());
      DRAMATIS_RETURN_IF_ERROR(EndQueue(tx, conversation_id, now));
    }
    DRAMATIS_ASSIGN_OR_RETURN(std::optional<SessionRow> row, SelectSession(tx, conversation_id));
    if (!row.has_value()) return NotFoundError("session");
    return *std::move(row);
  }));
}

absl::StatusOr<SessionRow> SqlStore::DeleteSession(const std::string& conversation_id) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<SessionRow> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows deleted, tx.Execute(kDeleteSession, {conversation_id}));
    if (deleted.empty()) {
      DRAMATIS_ASSIGN_OR_RETURN(const std::optional<SessionRow> row,
                                SelectSession(tx, conversation_id));
      if (!row.has_value()) return NotFoundError("session");
      return Error(absl::StatusCode::kFailedPrecondition, v1::ERROR_REASON_TURN_IN_PROGRESS,
                   "a turn of the session is running", {{"turn_id", row->active_turn_id}});
    }
    SessionRow row = ToSession(deleted.front());
    DRAMATIS_RETURN_IF_ERROR(DeleteRest(tx, row));
    return row;
  });
}

absl::Status SqlStore::SetTitle(const SessionRow& seen, const std::string& title) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.Execute(kSetTitle, {seen.conversation_id, seen.title, title}));
    if (rows.empty()) return absl::OkStatus();
    const SessionRow row = ToSession(rows.front());
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kSetListTitle, {row.user_id, row.conversation_id, title}).status());
    return IndexTitle(tx, row);
  });
}

absl::Status SqlStore::DropTemporary(const SessionRow& seen, absl::Time now) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows dropped,
        tx.Execute(kDropTemporary, {seen.conversation_id, seen.created_at, now}));
    return dropped.empty() ? absl::OkStatus() : DeleteRest(tx, ToSession(dropped.front()));
  });
}

absl::Status SqlStore::SetHold(const std::string& conversation_id, absl::Time expires_at) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kSetHold, {conversation_id, expires_at}).status();
  });
}

absl::StatusOr<std::vector<SessionRow>> SqlStore::ListSessionHolds(absl::Time now, int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectSessionHolds, {now, limit});
  }));
  std::vector<SessionRow> sessions;
  sessions.reserve(rows.size());
  for (const sql::Row& row : rows)
    sessions.push_back(ToSession(row));
  return sessions;
}

absl::StatusOr<bool> SqlStore::ClearHold(const SessionRow& seen) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kClearHold, {seen.conversation_id, seen.hold_expires_at}).status());
    return tx.affected() > 0;
  });
}

}  // namespace dramatis::conversation
