// What memory keeps, in its own words, and the promises of whoever keeps it.
//
// Everything belongs to one user and is found under that user's id only. Every function is one
// transaction: all of it happens or none. Thread-safe. Besides the errors named here, any function
// may answer UNAVAILABLE (the database is away), ABORTED (writers met too often) and INTERNAL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dramatis/memory/v1/memory.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/memory/model/journal_store.h"
#include "shared/call/call.h"

namespace dramatis::memory {

// A user's profile as it was written.
struct ProfileRow {
  std::string user_id;
  // The fields that are the user's to set; unset ones have their defaults.
  v1::Profile definition;
  // Counts the writes; 0 stands for a profile that was never written.
  int version = 0;
  absl::Time create_time;
  absl::Time update_time;
};

// One memory at its current version.
struct MemoryRow {
  std::string user_id;
  std::string memory_id;
  std::string content;
  double confidence = 1;
  // Empty: every persona remembers it.
  std::string persona_id;
  std::string source_message_id;
  std::string source_conversation_id;
  int version = 1;
  absl::Time create_time;
  absl::Time update_time;
};

// A memory with how well it matches: greater is better, always more than 0.
struct ScoredMemory {
  MemoryRow memory;
  double score = 0;
};

// Which memories of a user, newest first.
struct MemoryQuery {
  std::string user_id;
  // Set: those of this persona and of every persona.
  std::string persona_id;
  // The last memory of the page before: only those after it.
  struct Position {
    absl::Time create_time;
    std::string memory_id;
  };
  std::optional<Position> after;
  int limit = 20;
};

struct MemoryPage {
  std::vector<MemoryRow> memories;
  // There are more after the last one.
  bool more = false;
};

// Which memories match best.
struct MemorySearch {
  std::string user_id;
  // Set: those of this persona and of every persona.
  std::string persona_id;
  // What QueryWords gives: a memory with any of them matches, also in another grammatical form.
  std::vector<std::string> words;
  int limit = 20;
};

// What is remembered for one turn, all of one moment.
struct Recollection {
  std::optional<ProfileRow> profile;
  std::vector<ScoredMemory> matches;
  // The newest ones, which may be among the matches.
  std::vector<MemoryRow> recent;
  // The newest entries of the journal that the user shares with personas; of each content the
  // beginning only.
  std::vector<JournalRow> entries;
  // There are active goals that the user shares with personas.
  bool has_goals = false;
};

class Store {
 public:
  virtual ~Store() = default;

  // The profile; nullopt where none was written.
  virtual absl::StatusOr<std::optional<ProfileRow>> FindProfile(const std::string& user_id) = 0;
  // Writes the version after `row.version` if that still is the current one; makes the profile
  // where it is 0. ABORTED, CONFLICT if it is not. Does not change the create time.
  virtual absl::Status WriteProfile(const ProfileRow& row) = 0;

  // NOT_FOUND.
  virtual absl::StatusOr<MemoryRow> Find(const std::string& user_id,
                                         const std::string& memory_id) = 0;
  // A page of memories. The order is total: by create time and id, both descending. Rows written
  // meanwhile neither repeat nor hide others.
  virtual absl::StatusOr<MemoryPage> List(const MemoryQuery& query) = 0;
  // The memories with any of the words, by score descending, then id. The score adds up how rare
  // each word found is among the user's own memories; of equals the shorter one scores higher.
  virtual absl::StatusOr<std::vector<ScoredMemory>> Search(const MemorySearch& search) = 0;
  // The profile, what Search finds, the `most_recent` newest memories for the same persona, and the
  // `most_entries` newest entries of the journal that are shared.
  virtual absl::StatusOr<Recollection> Recall(const MemorySearch& search,
                                              int most_recent,
                                              int most_entries) = 0;

  // Adds a memory and gives `answer` back. Where the call's Idempotency-Key came before with this
  // request, adds nothing, gives that first answer back and marks the call replayed.
  // MEMORY_QUOTA_EXCEEDED if the user has `quota` memories already; IDEMPOTENCY_KEY_REUSED.
  virtual absl::StatusOr<v1::Memory> Create(const CallContext& call,
                                            const v1::CreateMemoryRequest& request,
                                            const MemoryRow& row,
                                            const v1::Memory& answer,
                                            int quota) = 0;
  // Writes the version after `row.version` if that still is the current one. ABORTED, CONFLICT if
  // it is not, or if the memory is gone. Does not change the create time.
  virtual absl::Status Update(const MemoryRow& row) = 0;
  // Deletes the memory for good, whatever its version where `version` is unset. NOT_FOUND; ABORTED,
  // CONFLICT if the version is another.
  virtual absl::Status Delete(const std::string& user_id,
                              const std::string& memory_id,
                              std::optional<int> version) = 0;
};

}  // namespace dramatis::memory
