// What memory keeps of a journal, in its own words, and the promises of whoever keeps it.
//
// Everything belongs to one user and is found under that user's id only. Every function is one
// transaction: all of it happens or none. Thread-safe. Besides the errors named here, any function
// may answer UNAVAILABLE (the database is away), ABORTED (writers met too often) and INTERNAL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/journal.pb.h"
#include "dramatis/memory/v1/memory.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/call/call.h"

namespace dramatis::memory {

// One entry at its current version.
struct JournalRow {
  std::string user_id;
  std::string entry_id;
  // The fields that are the user's to set, with the defaults of those unset.
  v1::JournalEntry definition;
  // Of the content; of an encrypted one what its client says.
  int word_count = 0;
  int version = 1;
  absl::Time create_time;
  absl::Time update_time;
};

// Which entries of a user, newest first. Filters that are unset let everything pass.
struct JournalQuery {
  std::string user_id;
  // Links this goal or tells how far it has come.
  std::string goal_id;
  std::string tag;
  std::string mood;
  // Made at `from` or later, and before `to`.
  absl::Time from = absl::InfinitePast();
  absl::Time to = absl::InfiniteFuture();
  // What QueryWords gives: title, content and tags have all of them, in any grammatical form. An
  // encrypted entry has no words.
  std::vector<std::string> words;
  // The last entry of the page before: only those after it.
  struct Position {
    absl::Time create_time;
    std::string entry_id;
  };
  std::optional<Position> after;
  int limit = 20;
};

struct JournalPage {
  std::vector<JournalRow> entries;
  // There are more after the last one.
  bool more = false;
};

// A user's journal counted, of one moment.
struct JournalTally {
  struct Label {
    std::string text;
    int entries = 0;
    bool operator==(const Label&) const = default;
  };
  // A quarter of an hour of UTC in which entries were made. Every zone's days have begun at such a
  // quarter since 1972, so that all entries of a slot are of one day, whatever the zone.
  struct Slot {
    absl::Time start;
    int entries = 0;
    bool operator==(const Slot&) const = default;
  };
  static constexpr absl::Duration kSlotLength = absl::Minutes(15);

  int entries = 0;
  int64_t words = 0;
  // Most frequent first, then by text.
  std::vector<Label> moods;
  std::vector<Label> tags;
  // Those that have an entry, earliest first.
  std::vector<Slot> slots;
};

class JournalStore {
 public:
  virtual ~JournalStore() = default;

  // NOT_FOUND.
  virtual absl::StatusOr<JournalRow> FindEntry(const std::string& user_id,
                                               const std::string& entry_id) = 0;
  // A page of entries. The order is total: by create time and id, both descending. Rows written
  // meanwhile neither repeat nor hide others.
  virtual absl::StatusOr<JournalPage> ListEntries(const JournalQuery& query) = 0;
  // Counts every entry; at most so many moods and tags.
  virtual absl::StatusOr<JournalTally> Tally(const std::string& user_id,
                                             int most_moods,
                                             int most_tags) = 0;

  // Adds an entry and gives `answer` back. Where the call's Idempotency-Key came before with this
  // request, adds nothing, gives that first answer back and marks the call replayed.
  // LINKED_GOAL_UNKNOWN if the entry names a goal that the user does not have;
  // IDEMPOTENCY_KEY_REUSED.
  virtual absl::StatusOr<v1::JournalEntry> CreateEntry(const CallContext& call,
                                                       const v1::CreateJournalEntryRequest& request,
                                                       const JournalRow& row,
                                                       const v1::JournalEntry& answer) = 0;
  // Writes the version after `row.version` if that still is the current one. ABORTED, CONFLICT if
  // it is not, or if the entry is gone. LINKED_GOAL_UNKNOWN. Does not change the create time.
  virtual absl::Status UpdateEntry(const JournalRow& row) = 0;
  // Deletes the entry for good, whatever its version where `version` is unset. NOT_FOUND; ABORTED,
  // CONFLICT if the version is another.
  virtual absl::Status DeleteEntry(const std::string& user_id,
                                   const std::string& entry_id,
                                   std::optional<int> version) = 0;
};

}  // namespace dramatis::memory
