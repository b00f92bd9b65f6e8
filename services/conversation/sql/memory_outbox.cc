#include "services/conversation/sql/memory_outbox.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

using sql::Row;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

// Nothing is told of a temporary session. A job that a worker has, or that waits to be tried again,
// keeps its time: what is added is seen when it ends.
constexpr Statement kNoteTurn = {R"(
  insert into memory_outbox (
    conversation_id, user_id, version, forgettings, pending, due_at, attempts, observed_to,
    summarized_to, summarize_to, forget_all, forget)
  select conversation_id, user_id, 1, 0, true, cast($3 as bigint), 0, 0, 0, cast($4 as bigint),
    false, ''
  from turns
  where conversation_id = $1 and turn_id = $2
    and not exists (
      select 1 from conversations c where c.conversation_id = $1 and c.temporary)
  on conflict (conversation_id) do update
  set user_id = excluded.user_id,
    version = memory_outbox.version + 1,
    due_at = case when memory_outbox.pending then memory_outbox.due_at else excluded.due_at end,
    pending = true,
    summarize_to = case
      when memory_outbox.summarize_to > excluded.summarize_to then memory_outbox.summarize_to
      else excluded.summarize_to
    end)"};

constexpr Statement kNoteObserved = {R"(
  insert into memory_outbox (
    conversation_id, user_id, version, forgettings, pending, due_at, attempts, observed_to,
    summarized_to, summarize_to, forget_all, forget)
  values ($1, $2, 1, 0, false, 0, 0, $3, 0, 0, false, '')
  on conflict (conversation_id) do nothing)"};

// Due at once: 0 is before any time.
constexpr Statement kNoteForgotten = {R"(
  update memory_outbox
  set version = version + 1, forgettings = forgettings + 1,
    due_at = case when pending then due_at else 0 end, pending = true, forget = forget || $2
  where conversation_id = $1)"};

constexpr Statement kNoteDeleted = {R"(
  insert into memory_outbox (
    conversation_id, user_id, version, forgettings, pending, due_at, attempts, observed_to,
    summarized_to, summarize_to, forget_all, forget)
  values ($1, $2, 1, 1, true, 0, 0, 0, 0, 0, true, '')
  on conflict (conversation_id) do update
  set version = memory_outbox.version + 1,
    forgettings = memory_outbox.forgettings + 1,
    due_at = case when memory_outbox.pending then memory_outbox.due_at else 0 end,
    pending = true, observed_to = 0, summarized_to = 0, summarize_to = 0, forget_all = true,
    forget = '')"};

constexpr Statement kSelectDueJobs = {R"(
  select conversation_id, due_at
  from memory_outbox
  where pending and due_at <= $1
  order by due_at
  limit 8)"};

constexpr Statement kTake = {R"(
  update memory_outbox
  set due_at = $3
  where conversation_id = $1 and due_at = $2 and pending
  returning conversation_id, user_id, version, forgettings, attempts, due_at, observed_to,
    summarized_to, summarize_to, forget_all, forget)"};

// A human's message in a session is its user's; in a room it says whose it is, and a model's has a
// turn. Nothing but what can be read.
constexpr Statement kMessagesToTell = {R"(
  select m.sequence, m.message_id,
    case
      when m.author_kind = 'user' then c.user_id
      when m.turn_id = '' and m.type in ('text', 'action') then m.user_id
      else ''
    end,
    coalesce(p.name, ''), m.content
  from messages m
    join conversations c on c.conversation_id = m.conversation_id
    left join participants p
      on p.conversation_id = m.conversation_id and p.participant_id = m.participant_id
  where m.conversation_id = $1 and m.sequence > $2 and not m.hidden and m.type in ('text', 'action')
  order by m.sequence
  limit cast($3 as bigint))"};

constexpr Statement kScope = {R"(
  select kind, persona_id, deleted_at
  from conversations
  where conversation_id = $1)"};

constexpr Statement kUsers = {R"(
  select user_id
  from turns
  where conversation_id = $1
  union
  select user_id
  from messages
  where conversation_id = $1 and user_id <> '')"};

// Writes of a worker are under its lease, which due_at names.
constexpr Statement kForgotten = {R"(
  update memory_outbox
  set forget_all = false, forget = ''
  where conversation_id = $1 and due_at = $2 and forgettings = $3)"};

constexpr Statement kObserved = {R"(
  update memory_outbox
  set observed_to = $4
  where conversation_id = $1 and due_at = $2 and forgettings = $3)"};

constexpr Statement kSummarized = {R"(
  update memory_outbox
  set summarized_to = $4,
    summarize_to = case when summarize_to > $5 then summarize_to else cast($6 as bigint) end
  where conversation_id = $1 and due_at = $2 and forgettings = $3)"};

// Nothing is left to be told of a conversation that is gone.
constexpr Statement kDrop = {R"(
  delete from memory_outbox
  where conversation_id = $1 and due_at = $2 and version = $3
    and not exists (
      select 1 from conversations c where c.conversation_id = memory_outbox.conversation_id))"};

constexpr Statement kFinish = {R"(
  update memory_outbox
  set pending = false, attempts = 0
  where conversation_id = $1 and due_at = $2 and version = $3)"};

constexpr Statement kPutBack = {R"(
  update memory_outbox
  set due_at = $3, attempts = $4
  where conversation_id = $1 and due_at = $2)"};

std::vector<ForgottenMessageId> ReadForgotten(const std::string& text) {
  std::vector<ForgottenMessageId> messages;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(word, ':');
    ForgottenMessageId message;
    if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &message.sequence)) continue;
    message.message_id = parts[0];
    messages.push_back(std::move(message));
  }
  return messages;
}

MemoryJob ToJob(const Row& row) {
  return {.conversation_id = row.Text(0),
          .user_id = row.Text(1),
          .version = row.Int64(2),
          .forgettings = row.Int64(3),
          .attempts = row.Int(4),
          .lease_ends = row.Time(5),
          .observed_to = row.Int(6),
          .summarized_to = row.Int(7),
          .summarize_to = row.Int(8),
          .forget_all = row.Bool(9),
          .forget = ReadForgotten(row.Text(10))};
}

// Whether a statement changed the job's row.
absl::StatusOr<bool> Changed(sql::Database& database,
                             const Statement& statement,
                             const std::vector<sql::Value>& values) {
  return database.WriteSoon([&](Transaction& tx) -> absl::StatusOr<bool> {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(statement, values).status());
    return tx.affected() > 0;
  });
}

}  // namespace

absl::StatusOr<std::optional<MemoryJob>> SqlMemoryOutbox::Take(absl::Time now,
                                                               absl::Time lease_ends) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows due, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectDueJobs, {now});
  }));
  for (const Row& row : due) {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows taken, database_.WriteSoon([&](Transaction& tx) {
      return tx.Execute(kTake, {row.Text(0), row.Time(1), lease_ends});
    }));
    if (!taken.empty()) return ToJob(taken.front());  // otherwise somebody else was first
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<SpokenMessage>> SqlMemoryOutbox::Messages(
    const std::string& conversation_id, int after_sequence, int limit) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<SpokenMessage>> {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows, tx.Execute(kMessagesToTell, {conversation_id, after_sequence, limit}));
    std::vector<SpokenMessage> messages;
    for (const Row& row : rows) {
      messages.push_back({.sequence = row.Int(0),
                          .message_id = row.Text(1),
                          .user_id = row.Text(2),
                          .name = row.Text(3),
                          .content = row.Text(4)});
    }
    return messages;
  });
}

absl::StatusOr<MemoryScope> SqlMemoryOutbox::Scope(const std::string& conversation_id) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<MemoryScope> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows found, tx.Execute(kScope, {conversation_id}));
    MemoryScope scope;
    scope.gone = found.empty() || !found.front().IsNull(2);
    if (!scope.gone && found.front().Text(0) == "session") scope.persona_id = found.front().Text(1);
    return scope;
  });
}

absl::StatusOr<std::vector<std::string>> SqlMemoryOutbox::Users(
    const std::string& conversation_id) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows users, database_.Read([&](Transaction& tx) {
    return tx.Execute(kUsers, {conversation_id});
  }));
  std::vector<std::string> user_ids;
  for (const Row& row : users)
    user_ids.push_back(row.Text(0));
  return user_ids;
}

absl::StatusOr<bool> SqlMemoryOutbox::NoteForgotten(const MemoryJob& job) {
  return Changed(database_, kForgotten, {job.conversation_id, job.lease_ends, job.forgettings});
}

absl::StatusOr<bool> SqlMemoryOutbox::NoteObserved(const MemoryJob& job, int to_sequence) {
  return Changed(database_, kObserved,
                 {job.conversation_id, job.lease_ends, job.forgettings, to_sequence});
}

absl::StatusOr<bool> SqlMemoryOutbox::NoteSummarized(const MemoryJob& job,
                                                     int to_sequence,
                                                     int wanted) {
  return Changed(database_, kSummarized,
                 {job.conversation_id, job.lease_ends, job.forgettings, to_sequence,
                  job.summarize_to, wanted});
}

absl::Status SqlMemoryOutbox::Finish(const MemoryJob& job, absl::Time now) {
  return database_.WriteSoon([&](Transaction& tx) -> absl::Status {
    for (const Statement* statement : {&kDrop, &kFinish}) {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(*statement, {job.conversation_id, job.lease_ends, job.version}).status());
      if (tx.affected() > 0) return absl::OkStatus();
    }
    return tx.Execute(kPutBack, {job.conversation_id, job.lease_ends, now, 0}).status();
  });
}

absl::Status SqlMemoryOutbox::PutBack(const MemoryJob& job, absl::Time due, int attempts) {
  return Changed(database_, kPutBack, {job.conversation_id, job.lease_ends, due, attempts})
      .status();
}

absl::Status NoteTurnForMemory(Transaction& tx, const TurnEnd& end) {
  return tx
      .Execute(kNoteTurn, {end.turn.conversation_id, end.turn.turn_id, end.now, end.summarize_to})
      .status();
}

absl::Status NoteObservedMessages(Transaction& tx,
                                  const std::string& user_id,
                                  const std::string& conversation_id,
                                  int to_sequence) {
  return tx.Execute(kNoteObserved, {conversation_id, user_id, to_sequence}).status();
}

absl::Status NoteForgottenMessage(Transaction& tx,
                                  const std::string& conversation_id,
                                  const ForgottenMessageId& message) {
  return tx
      .Execute(kNoteForgotten,
               {conversation_id, absl::StrCat(message.message_id, ":", message.sequence, " ")})
      .status();
}

absl::Status NoteForgottenConversation(Transaction& tx,
                                       const std::string& user_id,
                                       const std::string& conversation_id) {
  return tx.Execute(kNoteDeleted, {conversation_id, user_id}).status();
}

}  // namespace dramatis::conversation
