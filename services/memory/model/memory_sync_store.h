// What memory keeps of conversations: how far each has been observed, and its summaries. The
// promises are those of model/store.h.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/memory/model/store.h"

namespace dramatis::memory {

// One user's conversation.
struct ConversationKey {
  std::string user_id;
  std::string conversation_id;
};

// How far a conversation has been observed. Zeros for one that was never heard of.
struct Progress {
  int last_sequence = 0;
  // Counts how often messages were forgotten. What was made of messages that were read before is
  // not stored after.
  int forgettings = 0;
  bool operator==(const Progress&) const = default;
};

// What stands for the messages from one number to another, both included.
struct SummaryRow {
  ConversationKey key;
  int from_sequence = 0;
  int to_sequence = 0;
  std::string text;
  std::string model;  // that wrote it, `provider/model`
  absl::Time create_time;
};

// A message that is to be forgotten.
struct ForgottenMessage {
  std::string message_id;
  int sequence = 0;
};

struct Forgotten {
  int memories = 0;
  int summaries = 0;
};

class RememberingStore {
 public:
  virtual ~RememberingStore() = default;

  virtual absl::StatusOr<Progress> FindProgress(const ConversationKey& key) = 0;
  // Notes that the conversation has been observed up to `to_sequence`, and adds what was found: but
  // none whose content the user's memories of the same scope have already, and none over `quota`.
  // The ids of those that were added. ABORTED, CONFLICT if the progress is no longer `seen`.
  virtual absl::StatusOr<std::vector<std::string>> Observe(const ConversationKey& key,
                                                           const Progress& seen,
                                                           int to_sequence,
                                                           const std::vector<MemoryRow>& found,
                                                           int quota) = 0;

  // At most `limit` of the summaries that end before `before_sequence`, the newest first.
  virtual absl::StatusOr<std::vector<SummaryRow>> Summaries(const ConversationKey& key,
                                                            int before_sequence,
                                                            int limit) = 0;
  // Adds a summary; one of the same end that is there already stays. ABORTED, CONFLICT if messages
  // were forgotten since `seen`.
  virtual absl::Status AddSummary(const SummaryRow& row, const Progress& seen) = 0;

  // Deletes the memories that came from the messages and the summaries that stand for one of them;
  // with `all`, of every message of the conversation, which then counts as never observed.
  virtual absl::StatusOr<Forgotten> Forget(const ConversationKey& key,
                                           const std::vector<ForgottenMessage>& messages,
                                           bool all) = 0;
};

}  // namespace dramatis::memory
