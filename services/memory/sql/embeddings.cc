#include "services/memory/sql/embeddings.h"

#include <map>

#include "boost/json.hpp"
#include "services/memory/sql/memory_rows.h"
#include "shared/status/macros.h"

namespace dramatis::memory {
namespace {

using sql::Rows;
using sql::Transaction;

// Claims by setting the time: the condition on the row itself makes two who claim at once share
// what there is. Two ranges rather than `<>`, so that the index finds them.
constexpr sql::Statement kClaimEmbeddings = {R"(
  update memory_embeddings
  set due_time = $3
  where due_time <= $2 and embedder <> $1 and (user_id, memory_id) in (
    select user_id, memory_id
    from memory_embeddings
    where (embedder < $1 and due_time <= $2) or (embedder > $1 and due_time <= $2)
    limit cast($4 as bigint))
  returning user_id, memory_id)"};

constexpr sql::Statement kClaimedContent = {R"(
  select content
  from memories
  where user_id = $1 and memory_id = $2)"};

// $5 is the claim: whoever changes the memory takes it away.
constexpr sql::Statement kKeepVector = {R"(
  update memory_embeddings
  set embedder = $3, vector = $4, change = $6
  where user_id = $1 and memory_id = $2 and due_time = $5)"};

constexpr sql::Statement kPutOffEmbedding = {R"(
  update memory_embeddings
  set due_time = $3
  where user_id = $1 and memory_id = $2 and due_time = $4)"};

constexpr sql::Statement kSelectChanged = {R"(
  select e.memory_id, m.persona_id, e.embedder, e.vector, e.change
  from memory_embeddings e
  join memories m on m.user_id = $1 and m.memory_id = e.memory_id
  where e.user_id = $1 and e.change > $2
  order by e.change)"};

// $2: ids, a JSON array.
constexpr sql::Statement kFindMemories = {
    R"(
  select user_id, memory_id, content, confidence, persona_id, source_message_id,
         source_conversation_id, version, create_time, update_time
  from memories
  where user_id = $1
    and memory_id in (select id from jsonb_array_elements_text(cast($2 as jsonb)) as list (id)))",
    R"(
  select user_id, memory_id, content, confidence, persona_id, source_message_id,
         source_conversation_id, version, create_time, update_time
  from memories
  where user_id = $1 and memory_id in (select value from json_each($2)))"};

}  // namespace

absl::StatusOr<std::vector<PendingEmbedding>> SqlEmbeddingStore::Claim(const std::string& embedder,
                                                                       absl::Time now,
                                                                       absl::Time until,
                                                                       int limit) {
  std::vector<PendingEmbedding> claimed;
  DRAMATIS_RETURN_IF_ERROR(database_.WriteSoon([&](Transaction& tx) -> absl::Status {
    claimed.clear();
    DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                              tx.Execute(kClaimEmbeddings, {embedder, now, until, limit}));
    for (const sql::Row& row : rows) {
      DRAMATIS_ASSIGN_OR_RETURN(const Rows content,
                                tx.Execute(kClaimedContent, {row.Text(0), row.Text(1)}));
      if (content.empty()) continue;
      claimed.push_back({.user_id = row.Text(0),
                         .memory_id = row.Text(1),
                         .content = content.front().Text(0),
                         .due_time = until});
    }
    return absl::OkStatus();
  }));
  return claimed;
}

absl::Status SqlEmbeddingStore::Keep(const std::string& embedder,
                                     const std::vector<MadeEmbedding>& made) {
  return database_.WriteSoon([&](Transaction& tx) -> absl::Status {
    std::map<std::string, int64_t> changes;  // by user; in one order, whoever else locks them
    for (const MadeEmbedding& one : made)
      changes[one.pending.user_id] = 0;
    for (auto& [user_id, change] : changes) {
      DRAMATIS_ASSIGN_OR_RETURN(const Rows counted, tx.Execute(kCountVectorChange, {user_id}));
      if (!counted.empty()) change = counted.front().Int64(0);
    }
    for (const MadeEmbedding& one : made) {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(kKeepVector,
                     {one.pending.user_id, one.pending.memory_id, embedder, sql::Bytes{one.packed},
                      one.pending.due_time, changes.at(one.pending.user_id)})
              .status());
    }
    return absl::OkStatus();
  });
}

absl::Status SqlEmbeddingStore::PutOff(const std::vector<PendingEmbedding>& pending,
                                       absl::Time due_time) {
  return database_.WriteSoon([&](Transaction& tx) -> absl::Status {
    for (const PendingEmbedding& one : pending) {
      DRAMATIS_RETURN_IF_ERROR(
          tx.Execute(kPutOffEmbedding, {one.user_id, one.memory_id, due_time, one.due_time})
              .status());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<ChangedVector>> SqlEmbeddingStore::Changed(const std::string& user_id,
                                                                      int64_t since) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kSelectChanged, {user_id, since});
  }));
  std::vector<ChangedVector> changed;
  changed.reserve(rows.size());
  for (const sql::Row& row : rows) {
    changed.push_back({.memory_id = row.Text(0),
                       .persona_id = row.Text(1),
                       .embedder = row.Text(2),
                       .packed = row.IsNull(3) ? "" : row.Blob(3),
                       .change = row.Int64(4)});
  }
  return changed;
}

absl::StatusOr<std::vector<MemoryRow>> SqlEmbeddingStore::FindMany(
    const std::string& user_id, const std::vector<std::string>& ids) {
  const std::string list = boost::json::serialize(boost::json::value_from(ids));
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows, database_.Read([&](Transaction& tx) {
    return tx.Execute(kFindMemories, {user_id, list});
  }));
  std::vector<MemoryRow> found;
  for (const sql::Row& row : rows)
    found.push_back(ReadMemory(row));
  return found;
}

}  // namespace dramatis::memory
