// Vectors of texts in OpenAI's shape, by the deployment's embedder. Thread-safe; blocks.
#pragma once

#include <string>

#include "dramatis/openai/v1/embeddings.pb.h"
#include "dramatis/openai/v1/openai.pb.h"

#include "absl/status/statusor.h"
#include "services/conversation/model/turn_tools.h"
#include "shared/call/call.h"

namespace dramatis::conversation {

class OpenAiEmbeddings {
 public:
  explicit OpenAiEmbeddings(const TurnTools& tools) : tools_(tools) {}

  // MODEL_NOT_FOUND where `model` is not the embedder, UNSUPPORTED_PARAMETER, VALIDATION_FAILED;
  // inference's errors.
  absl::StatusOr<openai::v1::EmbeddingList> Create(const CallContext& call,
                                                   const openai::v1::EmbeddingRequest& request);

 private:
  const TurnTools tools_;
};

// The name of the deployment's embedder, as clients are shown it; empty where it has none.
absl::StatusOr<std::string> EmbedderName(const TurnTools& tools, const CallContext& call);

}  // namespace dramatis::conversation
