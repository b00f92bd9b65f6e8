#include "services/memory/sql/memory_sync.h"

#include <utility>

#include "services/memory/sql/memory_rows.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/text/words.h"

namespace dramatis::memory {
namespace {

using sql::Row;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr Statement kFindProgress = {R"(
    select last_sequence, forgettings
    from observations
    where user_id = $1 and conversation_id = $2)"};

// Also keeps others from the row until the transaction ends.
constexpr Statement kLockProgress = {R"(
    insert into observations (user_id, conversation_id, last_sequence, forgettings)
    values ($1, $2, 0, 0)
    on conflict (user_id, conversation_id) do update
    set forgettings = observations.forgettings
    returning last_sequence, forgettings)"};

constexpr Statement kNoteObserved = {R"(
    update observations
    set last_sequence = $3
    where user_id = $1 and conversation_id = $2)"};

constexpr Statement kNoteForgotten = {R"(
    update observations
    set forgettings = forgettings + 1,
        last_sequence = case when cast($3 as boolean) then 0 else last_sequence end
    where user_id = $1 and conversation_id = $2)"};

constexpr Statement kFindSame = {R"(
    select memory_id
    from memories
    where user_id = $1 and content = $2 and persona_id in ('', $3)
    limit 1)"};

constexpr Statement kListSummaries = {R"(
    select from_sequence, to_sequence, text, model, create_time
    from summaries
    where user_id = $1 and conversation_id = $2 and to_sequence < $3
    order by to_sequence desc
    limit cast($4 as bigint))"};

constexpr Statement kInsertSummary = {R"(
    insert into summaries (user_id, conversation_id, to_sequence, from_sequence, text, model,
                           create_time)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (user_id, conversation_id, to_sequence) do nothing)"};

constexpr Statement kForgetAllMemories = {R"(
    delete from memories
    where user_id = $1 and source_conversation_id = $2)"};

constexpr Statement kForgetMemories = {R"(
    delete from memories
    where user_id = $1 and source_conversation_id = $2 and source_message_id = $3)"};

// A summary that begins after the message was made without it.
constexpr Statement kForgetSummaries = {R"(
    delete from summaries
    where user_id = $1 and conversation_id = $2 and from_sequence <= $3 and to_sequence >= $3)"};

constexpr Statement kForgetAllSummaries = {R"(
    delete from summaries
    where user_id = $1 and conversation_id = $2)"};

absl::Status SyncConflict() {
  return Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT,
               "messages of the conversation were observed or forgotten meanwhile");
}

Progress ReadProgress(const Row& row) {
  return {.last_sequence = row.Int(0), .forgettings = row.Int(1)};
}

absl::StatusOr<Progress> LockProgress(Transaction& tx, const ConversationKey& key) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kLockProgress, {key.user_id, key.conversation_id}));
  if (rows.empty()) return InternalError("an upsert without its row");
  return ReadProgress(rows.front());
}

// False where the user has it already, or as many as are allowed.
absl::StatusOr<bool> AddMemory(Transaction& tx, const MemoryRow& row, int quota) {
  // Counted first: that makes those who add memories of one user wait for each other.
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kCountMemoryUp, {row.user_id, quota}).status());
  if (tx.affected() == 0) return false;
  DRAMATIS_ASSIGN_OR_RETURN(const Rows same,
                            tx.Execute(kFindSame, {row.user_id, row.content, row.persona_id}));
  if (!same.empty()) {
    DRAMATIS_RETURN_IF_ERROR(tx.Execute(kCountMemoriesDown, {row.user_id, 1}).status());
    return false;
  }
  DRAMATIS_RETURN_IF_ERROR(
      tx.Execute(kInsertMemory, {row.user_id, row.memory_id, row.content, row.confidence,
                                 row.persona_id, row.source_message_id, row.source_conversation_id,
                                 row.create_time, row.create_time, IndexedText(row.content)})
          .status());
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(kInsertEmbedding, {row.user_id, row.memory_id}).status());
  return true;
}

// Rows that a statement deleted.
absl::StatusOr<int> Delete(Transaction& tx,
                           const Statement& statement,
                           const std::vector<sql::Value>& values) {
  DRAMATIS_RETURN_IF_ERROR(tx.Execute(statement, values).status());
  return static_cast<int>(tx.affected());
}

absl::StatusOr<Forgotten> DeleteAll(Transaction& tx, const ConversationKey& key) {
  Forgotten forgotten;
  DRAMATIS_ASSIGN_OR_RETURN(forgotten.memories,
                            Delete(tx, kForgetAllMemories, {key.user_id, key.conversation_id}));
  DRAMATIS_ASSIGN_OR_RETURN(forgotten.summaries,
                            Delete(tx, kForgetAllSummaries, {key.user_id, key.conversation_id}));
  return forgotten;
}

absl::StatusOr<Forgotten> DeleteSome(Transaction& tx,
                                     const ConversationKey& key,
                                     const std::vector<ForgottenMessage>& messages) {
  Forgotten forgotten;
  for (const ForgottenMessage& message : messages) {
    DRAMATIS_ASSIGN_OR_RETURN(
        const int memories,
        Delete(tx, kForgetMemories, {key.user_id, key.conversation_id, message.message_id}));
    DRAMATIS_ASSIGN_OR_RETURN(
        const int summaries,
        Delete(tx, kForgetSummaries, {key.user_id, key.conversation_id, message.sequence}));
    forgotten.memories += memories;
    forgotten.summaries += summaries;
  }
  return forgotten;
}

}  // namespace

absl::StatusOr<Progress> SqlRememberingStore::FindProgress(const ConversationKey& key) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<Progress> {
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.Execute(kFindProgress, {key.user_id, key.conversation_id}));
    return rows.empty() ? Progress() : ReadProgress(rows.front());
  });
}

absl::StatusOr<std::vector<std::string>> SqlRememberingStore::Observe(
    const ConversationKey& key,
    const Progress& seen,
    int to_sequence,
    const std::vector<MemoryRow>& found,
    int quota) {
  const auto write = [&](Transaction& tx) -> absl::StatusOr<std::vector<std::string>> {
    DRAMATIS_ASSIGN_OR_RETURN(const Progress progress, LockProgress(tx, key));
    if (!(progress == seen)) return SyncConflict();
    std::vector<std::string> added;
    for (const MemoryRow& row : found) {
      DRAMATIS_ASSIGN_OR_RETURN(const bool is_new, AddMemory(tx, row, quota));
      if (is_new) added.push_back(row.memory_id);
    }
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kNoteObserved, {key.user_id, key.conversation_id, to_sequence}).status());
    return added;
  };
  // That there was nothing to remember can be found out again.
  return found.empty() ? database_.WriteSoon(write) : database_.Write(write);
}

absl::StatusOr<std::vector<SummaryRow>> SqlRememberingStore::Summaries(const ConversationKey& key,
                                                                       int before_sequence,
                                                                       int limit) {
  return database_.Read([&](Transaction& tx) -> absl::StatusOr<std::vector<SummaryRow>> {
    DRAMATIS_ASSIGN_OR_RETURN(
        const Rows rows,
        tx.Execute(kListSummaries, {key.user_id, key.conversation_id, before_sequence, limit}));
    std::vector<SummaryRow> summaries;
    for (const Row& row : rows) {
      summaries.push_back({.key = key,
                           .from_sequence = row.Int(0),
                           .to_sequence = row.Int(1),
                           .text = row.Text(2),
                           .model = row.Text(3),
                           .create_time = row.Time(4)});
    }
    return summaries;
  });
}

absl::Status SqlRememberingStore::AddSummary(const SummaryRow& row, const Progress& seen) {
  return database_.Write([&](Transaction& tx) -> absl::Status {
    DRAMATIS_ASSIGN_OR_RETURN(const Progress progress, LockProgress(tx, row.key));
    if (progress.forgettings != seen.forgettings) return SyncConflict();
    return tx
        .Execute(kInsertSummary, {row.key.user_id, row.key.conversation_id, row.to_sequence,
                                  row.from_sequence, row.text, row.model, row.create_time})
        .status();
  });
}

absl::StatusOr<Forgotten> SqlRememberingStore::Forget(const ConversationKey& key,
                                                      const std::vector<ForgottenMessage>& messages,
                                                      bool all) {
  return database_.Write([&](Transaction& tx) -> absl::StatusOr<Forgotten> {
    DRAMATIS_RETURN_IF_ERROR(LockProgress(tx, key).status());
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kNoteForgotten, {key.user_id, key.conversation_id, all}).status());
    DRAMATIS_ASSIGN_OR_RETURN(const Forgotten forgotten,
                              all ? DeleteAll(tx, key) : DeleteSome(tx, key, messages));
    if (forgotten.memories > 0) {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(kCountMemoriesDown, {key.user_id, forgotten.memories}).status());
      DRAMATIS_RETURN_IF_ERROR(tx.Execute(kForgetEmbeddings, {key.user_id}).status());
    }
    return forgotten;
  });
}

}  // namespace dramatis::memory
