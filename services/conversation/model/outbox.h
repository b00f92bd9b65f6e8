// What memory is still to be told of conversations: that there are new messages, that some want a
// summary, that some are to be forgotten. Written in the transaction that makes it so, by the
// statements of sql/memory_outbox.h, and worked off by Remembering; so nothing is lost
// whoever is away at that moment.
//
// There is one job for each conversation: whatever else happens in it meanwhile is added to that
// one. A job is taken by one worker at a time, under a lease; writes of one whose lease has gone to
// somebody else change nothing. As in model/store.h each function is one transaction. What a worker
// writes does not wait for the disk: where it is lost with the process, the job is as it was, and
// what memory was told, it is told again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dramatis::conversation {

struct ForgottenMessageId {
  std::string message_id;
  int sequence = 0;
};

struct MemoryJob {
  std::string conversation_id;
  std::string user_id;      // whose turn was the last one
  int64_t version = 0;      // counts what was added
  int64_t forgettings = 0;  // counts what of it is to be forgotten
  int attempts = 0;         // that failed in a row
  absl::Time lease_ends;    // and names the lease
  int observed_to = 0;      // memory has been told of the messages up to this one
  int summarized_to = 0;    // as far as is known here
  int summarize_to = 0;     // wanted
  bool forget_all = false;  // the whole conversation, as it was before the messages it has now
  std::vector<ForgottenMessageId> forget;
  std::string traceparent = {};  // of the work on it just now; not stored
};

// A message that can be read, as memory is told of it.
struct SpokenMessage {
  int sequence = 0;
  std::string message_id;
  std::string user_id;  // the human who wrote it; empty for a model
  std::string name;     // its participant's; empty where there is none
  std::string content;
};

// What a conversation is to memory.
struct MemoryScope {
  // The AI persona of a session; empty for a room, where what is said is said to everybody.
  std::string persona_id;
  // It was deleted, or never was: nothing more is told of it.
  bool gone = false;
};

class MemoryOutbox {
 public:
  virtual ~MemoryOutbox() = default;

  // The job that has been due for longest, under a lease until `lease_ends`; nullopt if none is
  // due.
  virtual absl::StatusOr<std::optional<MemoryJob>> Take(absl::Time now, absl::Time lease_ends) = 0;
  // The messages after a number, in order.
  virtual absl::StatusOr<std::vector<SpokenMessage>> Messages(const std::string& conversation_id,
                                                              int after_sequence,
                                                              int limit) = 0;
  virtual absl::StatusOr<MemoryScope> Scope(const std::string& conversation_id) = 0;
  // Every user who may have memories from it, also once it was deleted: they are to be forgotten.
  // Looks through all that was said.
  virtual absl::StatusOr<std::vector<std::string>> Users(const std::string& conversation_id) = 0;

  // What has been done of the job. False, and nothing is noted, where the lease is lost or more is
  // to be forgotten by now: what was done may have been done too early then.
  virtual absl::StatusOr<bool> NoteForgotten(const MemoryJob& job) = 0;
  virtual absl::StatusOr<bool> NoteObserved(const MemoryJob& job, int to_sequence) = 0;
  // `wanted`: up to where a summary is wanted still; 0 for no further.
  virtual absl::StatusOr<bool> NoteSummarized(const MemoryJob& job,
                                              int to_sequence,
                                              int wanted) = 0;

  // Ends the job, or makes it due at `now` where something was added since it was taken.
  virtual absl::Status Finish(const MemoryJob& job, absl::Time now) = 0;
  // Makes it due again at `due`, with so many failed attempts.
  virtual absl::Status PutBack(const MemoryJob& job, absl::Time due, int attempts) = 0;
};

}  // namespace dramatis::conversation
