// The use case behind Embed: by whichever embedder the deployment has, and on the ledger where that
// costs anything. Thread-safe.
//
//   embeddings.Embed(call, request, [](absl::StatusOr<v1::EmbedResponse> response) { ... });
#pragma once

#include <functional>
#include <memory>

#include "dramatis/inference/v1/embeddings.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/embedding/embedder.h"
#include "services/inference/usage/ledger.h"
#include "shared/call/call.h"
#include "shared/executor/executor.h"
#include "shared/ids/ids.h"

namespace dramatis::inference {

// What it works with. References outlive it.
struct EmbeddingsParts {
  Ledger& ledger;
  Executor& executor;  // settles
  IdSource& ids;
};

class Embeddings {
 public:
  // `embedder` may be null: the deployment has none.
  Embeddings(Embedder* embedder, const EmbeddingsParts& parts)
      : embedder_(embedder), parts_(parts) {}

  using Done = std::function<void(absl::StatusOr<v1::EmbedResponse>)>;
  // Calls `done` once, from any thread. Errors: NO_EMBEDDER; BUDGET_EXCEEDED, RATE_LIMITED before
  // any call to a provider; those of the embedder. Blocks where it reserves.
  void Embed(const CallContext& call, const v1::EmbedRequest& request, Done done);

 private:
  // Answers, and settles what `hold` covers.
  void Pay(Hold& hold, const Embedded& embedded, int estimate, const Done& done);

  Embedder* const embedder_;
  const EmbeddingsParts parts_;
};

}  // namespace dramatis::inference
