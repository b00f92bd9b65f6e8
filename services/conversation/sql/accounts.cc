#include "services/conversation/sql/accounts.h"

#include <utility>

#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/rooms/rows.h"
#include "services/conversation/sql/rows.h"
#include "services/conversation/sql/transcripts/transcripts.h"
#include "shared/sql/catalogue/user_rows.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kRequest = {R"(
  insert into account_deletions (user_id, job_id, created_at, due_at, attempts)
  values ($1, $2, $3, 0, 0)
  on conflict (user_id) do update
  set attempts = account_deletions.attempts
  returning job_id)"};

constexpr Statement kSelectDue = {R"(
  select user_id, due_at
  from account_deletions
  where due_at <= $1
  order by due_at
  limit 8)"};

constexpr Statement kTakeDeletion = {R"(
  update account_deletions
  set due_at = $3
  where user_id = $1 and due_at = $2
  returning user_id, job_id, due_at, attempts)"};

constexpr Statement kPutDeletionBack = {R"(
  update account_deletions
  set due_at = $3, attempts = $4
  where user_id = $1 and due_at = $2)"};

constexpr Statement kSelectUsersSessions = {"select " SESSION_COLUMNS R"(
  from conversations
  where conversation_id in (
    select conversation_id from user_conversations where user_id = $1 limit cast($2 as bigint)))"};

constexpr Statement kSelectUsersRooms = {R"(
  select conversation_id
  from conversations
  where user_id = $1 and kind = 'room'
  union
  select conversation_id
  from participants
  where user_id = $1
  limit cast($2 as bigint))"};

// First: whoever else changes something in the conversation waits for its row.
constexpr Statement kEraseRow = {"delete from conversations where conversation_id = $1"};

constexpr Statement kNameless[] = {
    // First: whoever else changes something in the room waits for its row.
    {R"(
  update conversations
  set user_id = case when user_id = $2 then '' else user_id end
  where conversation_id = $1)"},
    {R"(
  update participants
  set user_id = '', facts = null,
    brought_by = case when brought_by = user_id then '' else brought_by end,
    name = case when type = 'ai_agent' and brought_by <> user_id then name else $3 end
  where conversation_id = $1 and user_id = $2)"},
    {R"(
  update participants
  set brought_by = ''
  where conversation_id = $1 and brought_by = $2)"},
    {R"(
  update messages
  set user_id = '', original_content = null
  where conversation_id = $1 and user_id = $2)"},
    {R"(
  update turns
  set user_id = case when user_id = $2 then '' else user_id end,
    payer_id = case when payer_id = $2 then '' else payer_id end, payer_key = ''
  where conversation_id = $1 and (user_id = $2 or payer_id = $2))"},
    {R"(
  delete from speaker_choices
  where conversation_id = $1 and payer_id = $2)"},
    {R"(
  delete from room_members
  where conversation_id = $1 and user_id = $2)"},
    // In whose name memory is told of the room's turns, until the next one.
    {R"(
  update memory_outbox
  set user_id = (select c.user_id from conversations c where c.conversation_id = $1)
  where conversation_id = $1 and user_id = $2)"},
};

constexpr Statement kIsTold = {"select 1 from memory_outbox where user_id = $1 limit 1"};

constexpr Statement kHasConversations = {R"(
  select 1
  where exists (select 1 from user_conversations where user_id = $1)
    or exists (select 1 from participants where user_id = $1)
    or exists (select 1 from conversations where user_id = $1 and kind = 'room')
    or exists (select 1 from transcripts where user_id = $1))"};

}  // namespace

absl::StatusOr<std::string> SqlAccountStore::Request(const std::string& user_id,
                                                     const std::string& job_id,
                                                     absl::Time now) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<std::string> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kRequest, {user_id, job_id, now}));
    return rows.front().Text(0);
  });
}

absl::StatusOr<std::optional<AccountDeletion>> SqlAccountStore::Take(absl::Time now,
                                                                     absl::Time lease_ends) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows due, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectDue, {now});
  }));
  for (const sql::Row& row : due) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows taken, database_.Write([&](Transaction& tx) {
      return tx.Execute(kTakeDeletion, {row.Text(0), row.Time(1), lease_ends});
    }));
    if (taken.empty()) continue;  // another worker was faster
    const sql::Row& job = taken.front();
    return AccountDeletion{.user_id = job.Text(0),
                           .job_id = job.Text(1),
                           .lease_ends = job.Time(2),
                           .attempts = job.Int(3)};
  }
  return std::nullopt;
}

absl::Status SqlAccountStore::PutBack(const AccountDeletion& job, absl::Time due, int attempts) {
  return database_.Write([&](Transaction& tx) {
    return tx.Execute(kPutDeletionBack, {job.user_id, job.lease_ends, due, attempts}).status();
  });
}

absl::StatusOr<std::vector<SessionRow>> SqlAccountStore::Sessions(const std::string& user_id,
                                                                  int limit) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectUsersSessions, {user_id, limit});
  }));
  std::vector<SessionRow> sessions;
  sessions.reserve(rows.size());
  for (const sql::Row& row : rows)
    sessions.push_back(ToSession(row));
  return sessions;
}

absl::StatusOr<std::vector<Room>> SqlAccountStore::Rooms(const std::string& user_id, int limit) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<Room>> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kSelectUsersRooms, {user_id, limit}));
    std::vector<Room> rooms;
    for (const sql::Row& row : rows) {
      DRAMATIS_ASSIGN_OR_RETURN(std::optional<Room> room, SelectAnyRoom(tx, row.Text(0)));
      if (room.has_value()) rooms.push_back(*std::move(room));
    }
    return rooms;
  });
}

absl::Status SqlAccountStore::Erase(const std::string& user_id,
                                    const std::string& conversation_id) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kEraseRow, {conversation_id}).status());
    DRAMATIS_RETURN_IF_ERROR(NoteForgottenConversation(tx, user_id, conversation_id));
    DRAMATIS_RETURN_IF_ERROR(DoomTranscript(tx, conversation_id));
    return sql::DeleteRows(tx, "conversation_id", conversation_id,
                           {"memory_outbox", "transcripts"});
  });
}

absl::Status SqlAccountStore::TakeNameOut(const std::string& user_id,
                                          const std::string& conversation_id) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    for (const Statement& statement : kNameless) {
      std::vector<sql::Value> parameters = {conversation_id, user_id};
      if (&statement == &kNameless[1]) parameters.emplace_back(kDeletedUser);
      DRAMATIS_RETURN_IF_ERROR(tx.Execute(statement, parameters).status());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> SqlAccountStore::MemoryIsTold(const std::string& user_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows left, database_.Read([&](Transaction& tx) {
    return tx.Execute(kIsTold, {user_id});
  }));
  return left.empty();
}

absl::StatusOr<bool> SqlAccountStore::Finish(const AccountDeletion& job) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows left, tx.Execute(kHasConversations, {job.user_id}));
    if (!left.empty()) return false;
    // A row of a conversation is gone or nameless by now: none is taken out of the midst of one.
    DRAMATIS_RETURN_IF_ERROR(sql::DeleteRows(
        tx, "user_id", job.user_id,
        {"conversations", "memory_outbox", "messages", "participants", "transcripts", "turns"}));
    return true;
  });
}

}  // namespace dramatis::conversation
