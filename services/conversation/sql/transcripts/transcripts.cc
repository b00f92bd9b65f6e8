#include "services/conversation/sql/transcripts/transcripts.h"

#include <array>
#include <utility>

#include "services/conversation/sql/columns.h"
#include "services/conversation/sql/lore/lore_firings.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/search.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr auto kTranscriptColumns = std::to_array<Column<TranscriptRow>>({
    Field<&TranscriptRow::conversation_id>("conversation_id"),
    Field<&TranscriptRow::user_id>("user_id"),
    Field<&TranscriptRow::object_key>("object_key"),
    Field<&TranscriptRow::version>("version"),
    Field<&TranscriptRow::activity_at>("activity_at"),
    Field<&TranscriptRow::lease_ends>("lease_ends"),
    Field<&TranscriptRow::purged>("purged"),
    Field<&TranscriptRow::doomed>("doomed"),
    Field<&TranscriptRow::restored_at>("restored_at"),
});
constexpr SqlText kTranscriptNames = NamesOf(kTranscriptColumns);

// A page of the table, whatever is due in it: no column of a session's row that changes with each
// message needs an index.
constexpr SqlText kSelectTranscribed = {"select s.*, ", NamesOf(kTranscriptColumns, "t."), R"(
  from (
    select )" SESSION_COLUMNS R"(
    from conversations
    where conversation_id > $1 and kind = 'session' and not temporary
    order by conversation_id
    limit cast($2 as bigint)) s
    left join transcripts t on t.conversation_id = s.conversation_id
  order by s.conversation_id)"};

constexpr SqlText kFindTranscript = {"select ", kTranscriptNames,
                                     " from transcripts where conversation_id = $1"};
constexpr SqlText kPurgedTranscripts = {
    "select ", kTranscriptNames,
    " from transcripts where user_id = $1 and purged and not doomed limit cast($2 as bigint)"};
constexpr SqlText kUsersTranscripts = {
    "select ", kTranscriptNames, " from transcripts where user_id = $1 limit cast($2 as bigint)"};
constexpr SqlText kDoomedTranscripts = {
    "select ", kTranscriptNames,
    " from transcripts where doomed and lease_ends <= $1 limit cast($2 as bigint)"};

// First, so that whoever deletes or changes the session waits, or is noticed here.
constexpr Statement kLockUnchanged = {R"(
  update conversations
  set active_turn_id = active_turn_id
  where conversation_id = $1 and created_at = $2 and last_activity_at = $3 and active_turn_id = ''
  returning conversation_id)"};

constexpr Statement kBeginTranscript = {R"(
  insert into transcripts (conversation_id, user_id, object_key, version, activity_at, lease_ends,
    purged, doomed, restored_at)
  values ($1, $2, $3, '', 0, $5, false, false, 0)
  on conflict (conversation_id) do update
  set lease_ends = excluded.lease_ends
  where not transcripts.doomed and not transcripts.purged and transcripts.lease_ends <= $4
  returning conversation_id)"};

constexpr Statement kNoteWritten = {R"(
  update transcripts
  set version = $2, activity_at = $3, lease_ends = 0
  where conversation_id = $1 and lease_ends = $4 and not doomed
  returning conversation_id)"};

constexpr Statement kFreeLease = {
    "update transcripts set lease_ends = 0 where conversation_id = $1 and lease_ends = $2"};

constexpr Statement kNotePurged = {R"(
  update transcripts
  set purged = true
  where conversation_id = $1 and activity_at = $2 and version <> '' and not purged and not doomed
  returning conversation_id)"};

// A turn that memory has not been told of is read from the messages.
constexpr Statement kMemoryWaits = {
    "select 1 from memory_outbox where conversation_id = $1 and pending"};

constexpr Statement kPurgeMessages = {"delete from messages where conversation_id = $1"};
constexpr Statement kPurgeTurns = {"delete from turns where conversation_id = $1"};

constexpr Statement kNoteRestored = {R"(
  update transcripts
  set purged = false, restored_at = $2
  where conversation_id = $1 and purged and not doomed
  returning conversation_id)"};

constexpr Statement kDoom = {"update transcripts set doomed = true where conversation_id = $1"};
constexpr Statement kDeleteTranscript = {"delete from transcripts where conversation_id = $1"};

absl::StatusOr<bool> LockUnchanged(Transaction& tx, const SessionRow& seen) {
  DRAMATIS_ASSIGN_OR_RETURN(
      const Rows locked,
      tx.Execute(kLockUnchanged, {seen.conversation_id, seen.created_at, seen.last_activity_at}));
  return !locked.empty();
}

std::vector<TranscriptRow> ToTranscripts(const Rows& rows) {
  std::vector<TranscriptRow> transcripts;
  transcripts.reserve(rows.size());
  for (const sql::Row& row : rows)
    transcripts.push_back(RowOf(kTranscriptColumns, row));
  return transcripts;
}

TranscribedSession ToTranscribed(const sql::Row& row) {
  TranscribedSession found{.session = ToSession(row), .transcript = std::nullopt};
  if (!row.IsNull(kSessionColumnCount)) {
    found.transcript = RowOf(kTranscriptColumns, row, kSessionColumnCount);
  }
  return found;
}

}  // namespace

absl::StatusOr<std::vector<TranscribedSession>> SqlTranscriptStore::Sessions(
    const std::string& after, int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectTranscribed, {after, limit});
  }));
  std::vector<TranscribedSession> sessions;
  sessions.reserve(rows.size());
  for (const sql::Row& row : rows)
    sessions.push_back(ToTranscribed(row));
  return sessions;
}

absl::StatusOr<std::optional<TranscriptRow>> SqlTranscriptStore::Find(
    const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kFindTranscript, {conversation_id});
  }));
  if (rows.empty()) return std::nullopt;
  return RowOf(kTranscriptColumns, rows.front());
}

absl::StatusOr<std::vector<TranscriptRow>> SqlTranscriptStore::PurgedOf(const std::string& user_id,
                                                                        int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kPurgedTranscripts, {user_id, limit});
  }));
  return ToTranscripts(rows);
}

absl::StatusOr<std::vector<TranscriptRow>> SqlTranscriptStore::Of(const std::string& user_id,
                                                                  int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kUsersTranscripts, {user_id, limit});
  }));
  return ToTranscripts(rows);
}

absl::StatusOr<bool> SqlTranscriptStore::Begin(const SessionRow& seen,
                                               const std::string& object_key,
                                               absl::Time now,
                                               absl::Time lease_ends) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const bool unchanged, LockUnchanged(tx, seen));
    if (!unchanged) return false;
    DRAMATIS_ASSIGN_OR_RETURN(const Rows begun,
                              tx.Execute(kBeginTranscript, {seen.conversation_id, seen.user_id,
                                                            object_key, now, lease_ends}));
    return !begun.empty();
  });
}

absl::StatusOr<bool> SqlTranscriptStore::NoteWritten(const SessionRow& seen,
                                                     const std::string& version,
                                                     absl::Time lease_ends) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows noted,
                              tx.Execute(kNoteWritten, {seen.conversation_id, version,
                                                        seen.last_activity_at, lease_ends}));
    return !noted.empty();
  });
}

absl::Status SqlTranscriptStore::GiveUp(const std::string& conversation_id, absl::Time lease_ends) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kFreeLease, {conversation_id, lease_ends}).status();
  });
}

absl::StatusOr<bool> SqlTranscriptStore::Purge(const SessionRow& seen, absl::Time now) {
  const std::string& id = seen.conversation_id;
  if (!seen.ended_at.has_value() && seen.expires_at > now) return false;
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const bool unchanged, LockUnchanged(tx, seen));
    if (!unchanged) return false;
    DRAMATIS_ASSIGN_OR_RETURN(const Rows waits, tx.Execute(kMemoryWaits, {id}));
    if (!waits.empty()) return false;
    DRAMATIS_ASSIGN_OR_RETURN(const Rows noted,
                              tx.Execute(kNotePurged, {id, seen.last_activity_at}));
    if (noted.empty()) return false;
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kPurgeMessages, {id}).status());
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kPurgeTurns, {id}).status());
    DRAMATIS_RETURN_IF_ERROR(DeleteFirings(tx, id));
    DRAMATIS_RETURN_IF_ERROR(ForgetIndex(tx, id));
    DRAMATIS_RETURN_IF_ERROR(IndexTitle(tx, seen));
    return true;
  });
}

absl::Status SqlTranscriptStore::Restore(const SessionRow& session,
                                         const std::vector<MessageRow>& messages,
                                         absl::Time now) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(const bool unchanged, LockUnchanged(tx, session));
    if (!unchanged) return absl::OkStatus();
    DRAMATIS_ASSIGN_OR_RETURN(const Rows noted,
                              tx.Execute(kNoteRestored, {session.conversation_id, now}));
    if (noted.empty()) return absl::OkStatus();
    for (const MessageRow& message : messages)
      DRAMATIS_RETURN_IF_ERROR(AppendToSession(tx, session, message));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<TranscriptRow>> SqlTranscriptStore::Doomed(absl::Time now, int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kDoomedTranscripts, {now, limit});
  }));
  return ToTranscripts(rows);
}

absl::Status SqlTranscriptStore::NoteGone(const std::string& conversation_id) {
  return database_.Write(
      [&](Transaction& tx) { return tx.Execute(kDeleteTranscript, {conversation_id}).status(); });
}

absl::Status DoomTranscript(Transaction& tx, const std::string& conversation_id) {
  return tx.Execute(kDoom, {conversation_id}).status();
}

}  // namespace dramatis::conversation
