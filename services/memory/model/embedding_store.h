// What is kept of what memories mean, and the promises of whoever keeps it. Every function is one
// transaction. Thread-safe. Errors: UNAVAILABLE, ABORTED, INTERNAL.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/memory/model/store.h"

namespace dramatis::memory {

// A memory whose vector is to be made. `due_time` names the claim.
struct PendingEmbedding {
  std::string user_id;
  std::string memory_id;
  std::string content;
  absl::Time due_time;
};

// A vector that was made.
struct MadeEmbedding {
  PendingEmbedding pending;
  std::string packed;
};

// A memory's vector, as it is now.
struct ChangedVector {
  std::string memory_id;
  std::string persona_id;  // whose memory it is; empty for every persona's
  std::string embedder;
  std::string packed;  // empty where there is none any longer
  int64_t change = 0;
};

class EmbeddingStore {
 public:
  virtual ~EmbeddingStore() = default;

  // Claims memories that have no vector of `embedder`, until `until`: nobody else is given them
  // before. At most `limit`.
  virtual absl::StatusOr<std::vector<PendingEmbedding>> Claim(const std::string& embedder,
                                                              absl::Time now,
                                                              absl::Time until,
                                                              int limit) = 0;
  // Stores vectors of `embedder`. One whose memory has changed or is gone since it was claimed is
  // dropped.
  virtual absl::Status Keep(const std::string& embedder,
                            const std::vector<MadeEmbedding>& made) = 0;
  // Claims of these are over; they are due again at `due_time`.
  virtual absl::Status PutOff(const std::vector<PendingEmbedding>& pending,
                              absl::Time due_time) = 0;
  // The user's vectors that have changed after the change `since`, in the order of their changes.
  // Those of memories that are gone are not among them.
  virtual absl::StatusOr<std::vector<ChangedVector>> Changed(const std::string& user_id,
                                                             int64_t since) = 0;
  // Those of the memories that are there, in any order.
  virtual absl::StatusOr<std::vector<MemoryRow>> FindMany(const std::string& user_id,
                                                          const std::vector<std::string>& ids) = 0;
};

}  // namespace dramatis::memory
