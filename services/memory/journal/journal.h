// The use cases of a journal: entries that a user writes, and the journal in numbers. An entry
// belongs to its user; anybody else, admins too, is told that there is none. Days are those of the
// time zone in the user's profile. Thread-safe.
#pragma once

#include <string>

#include "dramatis/memory/v1/journal.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/memory/model/journal_store.h"
#include "services/memory/model/store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

// The entry as its user sees it.
v1::JournalEntry Present(const JournalRow& row);

// What an entry that comes from an archive is kept as, but for whose it is, its id and its times.
// FieldErrors as for a new one.
absl::StatusOr<JournalRow> RestoredEntry(const v1::JournalEntry& entry);

class Journal {
 public:
  // `profiles`: whose profiles hold the users' time zones.
  Journal(JournalStore& store, Store& profiles, const Clock& clock, IdSource& ids)
      : store_(store), profiles_(profiles), clock_(clock), ids_(ids) {}

  // LINKED_GOAL_UNKNOWN, IDEMPOTENCY_KEY_REUSED.
  absl::StatusOr<v1::JournalEntry> Create(const CallContext& call,
                                          const v1::CreateJournalEntryRequest& request);
  // INVALID_CURSOR.
  absl::StatusOr<v1::ListJournalEntriesResponse> List(const CallContext& call,
                                                      const v1::ListJournalEntriesRequest& request);
  // NOT_FOUND.
  absl::StatusOr<v1::JournalEntry> Get(const CallContext& call,
                                       const v1::GetJournalEntryRequest& request);
  // Changes the fields that the mask names, or those that are set where it is empty. NOT_FOUND,
  // ETAG_MISMATCH, LINKED_GOAL_UNKNOWN.
  absl::StatusOr<v1::JournalEntry> Update(const CallContext& call,
                                          const v1::UpdateJournalEntryRequest& request);
  // NOT_FOUND, ETAG_MISMATCH.
  absl::Status Delete(const CallContext& call, const v1::DeleteJournalEntryRequest& request);
  absl::StatusOr<v1::JournalStats> Stats(const CallContext& call,
                                         const v1::GetJournalStatsRequest& request);

 private:
  absl::StatusOr<absl::TimeZone> ZoneOf(const std::string& user_id);
  absl::Status ReadPeriod(const v1::ListJournalEntriesRequest& request, JournalQuery& query);
  absl::StatusOr<v1::JournalEntry> TryUpdate(const CallContext& call,
                                             const v1::UpdateJournalEntryRequest& request);
  absl::Status TryDelete(const CallContext& call, const std::string& entry_id);

  JournalStore& store_;
  Store& profiles_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace dramatis::memory
