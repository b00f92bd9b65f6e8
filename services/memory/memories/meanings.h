// What memories mean: vectors made of them in the background, and found by what a question means.
// Only where inference has an embedder; without one everything is found by its words alone.
//
//   absl::Status made = meanings.MakePending();             // a periodic job
//   matches = meanings.Fuse(call, search, question, std::move(matches));
//
// Thread-safe; both block.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "services/memory/memories/user_vectors.h"
#include "services/memory/model/embedding_store.h"
#include "services/memory/model/peers.h"
#include "services/memory/model/store.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis::memory {

// What it works with. References outlive it.
struct MeaningsParts {
  EmbeddingStore& store;
  InferencePeer& inference;
  const Clock& clock;
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
};

class Meanings {
 public:
  explicit Meanings(const MeaningsParts& parts);

  // Makes vectors of memories that have none of the deployment's embedder, until there are no more
  // or `ending`. A user whose budget is spent, and whoever's call fails, is put off.
  absl::Status MakePending(const std::function<bool()>& ending);

  // The matches with those that the question means besides, best first, at most `search.limit`.
  // Where the question cannot be embedded, the matches as they are; a failed read is an error.
  absl::StatusOr<std::vector<ScoredMemory>> Fuse(const CallContext& call,
                                                 const MemorySearch& search,
                                                 const std::string& question,
                                                 std::vector<ScoredMemory> matches);

 private:
  // Which embedder there is; empty for none.
  absl::StatusOr<std::string> Embedder();
  absl::Status MakeFor(const std::string& embedder, const std::vector<PendingEmbedding>& pending);
  CallContext CallFor(const std::string& user_id) const;

  const MeaningsParts parts_;
  UserVectorCache vectors_;
  absl::Mutex mutex_;
  // As it was found last.
  std::string embedder_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis::memory
