// TranscriptStore on SQLite and PostgreSQL, and the step that deleting a session takes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/conversation/transcripts/transcript_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlTranscriptStore : public TranscriptStore {
 public:
  explicit SqlTranscriptStore(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::vector<TranscribedSession>> Sessions(const std::string& after,
                                                           int limit) override;
  absl::StatusOr<std::optional<TranscriptRow>> Find(const std::string& conversation_id) override;
  absl::StatusOr<std::vector<TranscriptRow>> PurgedOf(const std::string& user_id,
                                                      int limit) override;
  absl::StatusOr<std::vector<TranscriptRow>> Of(const std::string& user_id, int limit) override;
  absl::StatusOr<bool> Begin(const SessionRow& seen,
                             const std::string& object_key,
                             absl::Time now,
                             absl::Time lease_ends) override;
  absl::StatusOr<bool> NoteWritten(const SessionRow& seen,
                                   const std::string& version,
                                   absl::Time lease_ends) override;
  absl::Status GiveUp(const std::string& conversation_id, absl::Time lease_ends) override;
  absl::StatusOr<bool> Purge(const SessionRow& seen, absl::Time now) override;
  absl::Status Restore(const SessionRow& session,
                       const std::vector<MessageRow>& messages,
                       absl::Time now) override;
  absl::StatusOr<std::vector<TranscriptRow>> Doomed(absl::Time now, int limit) override;
  absl::Status NoteGone(const std::string& conversation_id) override;

 private:
  sql::Database& database_;
};

// The session is deleted, in a transaction that has its row: its transcript goes too, soon.
absl::Status DoomTranscript(sql::Transaction& tx, const std::string& conversation_id);

}  // namespace dramatis::conversation
