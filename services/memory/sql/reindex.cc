#include "services/memory/sql/reindex.h"

#include <optional>
#include <string>

#include "services/memory/sql/journal.h"
#include "shared/status/macros.h"
#include "shared/text/words.h"

namespace dramatis::memory {
namespace {

using sql::BackfillKey;
using sql::Rows;
using sql::Statement;
using sql::Transaction;

constexpr int kBatch = 200;

constexpr Statement kMemories = {R"(
  select user_id, memory_id, content, words
  from memories
  where (user_id, memory_id) > ($1, $2)
  order by user_id, memory_id
  limit $3)"};

constexpr Statement kSetMemoryWords = {
    "update memories set words = $3 where user_id = $1 and memory_id = $2"};

constexpr Statement kEntries = {R"(
  select user_id, entry_id, title, content, lists, words
  from journal_entries
  where (user_id, entry_id) > ($1, $2)
  order by user_id, entry_id
  limit $3)"};

constexpr Statement kSetEntryWords = {
    "update journal_entries set words = $3 where user_id = $1 and entry_id = $2"};

std::optional<BackfillKey> LastKey(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return BackfillKey{.first = rows.back().Text(0), .second = rows.back().Text(1)};
}

absl::StatusOr<std::optional<BackfillKey>> ReindexMemories(Transaction& tx,
                                                           const BackfillKey& after) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kMemories, {after.first, after.second, kBatch}));
  for (const sql::Row& row : rows) {
    const std::string words = IndexedText(row.Text(2));
    if (words == row.Text(3)) continue;
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kSetMemoryWords, {row.Text(0), row.Text(1), words}).status());
  }
  return LastKey(rows);
}

absl::StatusOr<std::optional<BackfillKey>> ReindexEntries(Transaction& tx,
                                                          const BackfillKey& after) {
  DRAMATIS_ASSIGN_OR_RETURN(const Rows rows,
                            tx.Execute(kEntries, {after.first, after.second, kBatch}));
  for (const sql::Row& row : rows) {
    v1::JournalEntry entry;
    entry.ParseFromString(row.Blob(4));
    entry.set_title(row.Text(2));
    entry.set_content(row.Text(3));
    const std::string words = IndexedWords(entry);
    if (words == row.Text(5)) continue;
    DRAMATIS_RETURN_IF_ERROR(
        tx.Execute(kSetEntryWords, {row.Text(0), row.Text(1), words}).status());
  }
  return LastKey(rows);
}

}  // namespace

std::vector<sql::Backfill> WordBackfills() {
  return {{.name = "memory_words_2", .step = &ReindexMemories},
          {.name = "journal_words_2", .step = &ReindexEntries}};
}

}  // namespace dramatis::memory
