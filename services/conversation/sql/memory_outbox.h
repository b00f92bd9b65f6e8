// The memory outbox on SQLite and PostgreSQL, and the steps of other transactions that add to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/conversation/model/outbox.h"
#include "services/conversation/model/turn_store.h"
#include "shared/sql/database.h"

namespace dramatis::conversation {

class SqlMemoryOutbox : public MemoryOutbox {
 public:
  explicit SqlMemoryOutbox(sql::Database& database) : database_(database) {}

  absl::StatusOr<std::optional<MemoryJob>> Take(absl::Time now, absl::Time lease_ends) override;
  absl::StatusOr<std::vector<SpokenMessage>> Messages(const std::string& conversation_id,
                                                      int after_sequence,
                                                      int limit) override;
  absl::StatusOr<MemoryScope> Scope(const std::string& conversation_id) override;
  absl::StatusOr<std::vector<std::string>> Users(const std::string& conversation_id) override;
  absl::StatusOr<bool> NoteForgotten(const MemoryJob& job) override;
  absl::StatusOr<bool> NoteObserved(const MemoryJob& job, int to_sequence) override;
  absl::StatusOr<bool> NoteSummarized(const MemoryJob& job, int to_sequence, int wanted) override;
  absl::Status Finish(const MemoryJob& job, absl::Time now) override;
  absl::Status PutBack(const MemoryJob& job, absl::Time due, int attempts) override;

 private:
  sql::Database& database_;
};

// The turn has ended: its conversation has messages that memory has not seen.
absl::Status NoteTurnForMemory(sql::Transaction& tx, const TurnEnd& end);
// Of a conversation that is being made: memory is told of no message up to this number.
absl::Status NoteObservedMessages(sql::Transaction& tx,
                                  const std::string& user_id,
                                  const std::string& conversation_id,
                                  int to_sequence);
// A message was edited, hidden or deleted: what came from it is to be forgotten.
absl::Status NoteForgottenMessage(sql::Transaction& tx,
                                  const std::string& conversation_id,
                                  const ForgottenMessageId& message);
// The conversation was deleted with everything in it.
absl::Status NoteForgottenConversation(sql::Transaction& tx,
                                       const std::string& user_id,
                                       const std::string& conversation_id);

}  // namespace dramatis::conversation
