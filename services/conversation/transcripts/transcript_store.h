// What conversation keeps of the transcripts of sessions. As in model/store.h each function is one
// transaction.
//
// A session changes only together with its `last_activity_at`, and nothing of it while no turn is
// active: by that time it is known whether a transcript has all of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/conversation/model/store.h"

namespace dramatis::conversation {

struct TranscriptRow {
  std::string conversation_id;
  std::string user_id;
  std::string object_key;
  std::string version;     // of the body that was written last; empty while there is none
  absl::Time activity_at;  // the session's, as that body has it
  absl::Time lease_ends;   // of who writes a body
  bool purged = false;     // the session's messages are there and nowhere else
  bool doomed = false;     // the session is deleted
  absl::Time restored_at;  // when messages that were purged were brought back

  bool written() const { return !version.empty(); }
};

// A session, and its transcript where it has one.
struct TranscribedSession {
  SessionRow session;
  std::optional<TranscriptRow> transcript;

  // The transcript has all that was said.
  bool up_to_date() const {
    return transcript.has_value() && transcript->written() &&
           transcript->activity_at == session.last_activity_at;
  }
};

class TranscriptStore {
 public:
  virtual ~TranscriptStore() = default;

  // Sessions that are not temporary, by id, after `after`; at most `limit`.
  virtual absl::StatusOr<std::vector<TranscribedSession>> Sessions(const std::string& after,
                                                                   int limit) = 0;
  virtual absl::StatusOr<std::optional<TranscriptRow>> Find(const std::string& conversation_id) = 0;
  // Of sessions of the user that are purged; at most `limit`.
  virtual absl::StatusOr<std::vector<TranscriptRow>> PurgedOf(const std::string& user_id,
                                                              int limit) = 0;
  // All of the user; at most `limit`.
  virtual absl::StatusOr<std::vector<TranscriptRow>> Of(const std::string& user_id, int limit) = 0;

  // Notes that a body is about to be written under `object_key`, by whoever gets the lease until
  // `lease_ends`. From then on whoever deletes the session has the object deleted too. False where
  // the session has changed since it was `seen`, and where somebody else has the lease.
  virtual absl::StatusOr<bool> Begin(const SessionRow& seen,
                                     const std::string& object_key,
                                     absl::Time now,
                                     absl::Time lease_ends) = 0;
  // Notes that the object has the session as it was `seen`. False where the lease is lost: also
  // where the session is deleted, and the object may stay.
  virtual absl::StatusOr<bool> NoteWritten(const SessionRow& seen,
                                           const std::string& version,
                                           absl::Time lease_ends) = 0;
  // Frees the lease.
  virtual absl::Status GiveUp(const std::string& conversation_id, absl::Time lease_ends) = 0;
  // Deletes the session's messages and turns; title and place in the list stay. False, and nothing
  // is deleted, unless it is over at `now`, its transcript has all of it, and memory has been told.
  virtual absl::StatusOr<bool> Purge(const SessionRow& seen, absl::Time now) = 0;
  // The opposite: all messages of a session that is purged. Without effect on another one.
  virtual absl::Status Restore(const SessionRow& session,
                               const std::vector<MessageRow>& messages,
                               absl::Time now) = 0;

  // Transcripts of sessions that are deleted, which nobody writes at `now`; at most `limit`.
  virtual absl::StatusOr<std::vector<TranscriptRow>> Doomed(absl::Time now, int limit) = 0;
  // Notes that the object is gone.
  virtual absl::Status NoteGone(const std::string& conversation_id) = 0;
};

}  // namespace dramatis::conversation
