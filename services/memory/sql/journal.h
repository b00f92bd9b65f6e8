// Memory's tables of the journal on SQLite and PostgreSQL. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/memory/model/journal_store.h"
#include "shared/sql/database.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

class SqlJournalStore : public JournalStore {
 public:
  // `database` is migrated. The clock dates the uses of Idempotency-Keys.
  SqlJournalStore(sql::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  absl::StatusOr<JournalRow> FindEntry(const std::string& user_id,
                                       const std::string& entry_id) override;
  absl::StatusOr<JournalPage> ListEntries(const JournalQuery& query) override;
  absl::StatusOr<JournalTally> Tally(const std::string& user_id,
                                     int most_moods,
                                     int most_tags) override;
  absl::StatusOr<v1::JournalEntry> CreateEntry(const CallContext& call,
                                               const v1::CreateJournalEntryRequest& request,
                                               const JournalRow& row,
                                               const v1::JournalEntry& answer) override;
  absl::Status UpdateEntry(const JournalRow& row) override;
  absl::Status DeleteEntry(const std::string& user_id,
                           const std::string& entry_id,
                           std::optional<int> version) override;

 private:
  sql::Database& database_;
  const Clock& clock_;
};

// The columns of journal_entries from user_id to update_time, as every statement here selects them.
absl::StatusOr<JournalRow> ReadJournalRow(const sql::Row& row);

// The words that an entry is found by: of its title, content and tags; of an encrypted one none.
std::string IndexedWords(const v1::JournalEntry& definition);

// For recall: the newest entries that the user shares with personas, of each content the beginning
// only.
absl::StatusOr<std::vector<JournalRow>> SelectSharedEntries(sql::Transaction& tx,
                                                            const std::string& user_id,
                                                            int limit);

}  // namespace dramatis::memory
