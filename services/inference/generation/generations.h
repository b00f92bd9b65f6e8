// The use cases behind StreamGenerate and PackPrompt: checks the request, finds the model, packs
// the prompt, and starts the answer. Thread-safe.
#pragma once

#include <memory>
#include <utility>

#include "dramatis/inference/v1/inference.pb.h"

#include "absl/status/statusor.h"
#include "services/inference/generation/generation.h"
#include "services/inference/prompt/cut_notices.h"
#include "services/inference/routing/router.h"
#include "services/inference/usage/ledger.h"
#include "shared/call/call.h"

namespace dramatis::inference {

class Generations {
 public:
  // References outlive the generations.
  Generations(const Router& router, Ledger& ledger, RoutedCallParts parts)
      : router_(router), ledger_(ledger), parts_(std::move(parts)), notices_(parts_.logger) {}

  // Errors: VALIDATION_FAILED, UNKNOWN_MODEL, CONTEXT_TOO_LARGE; no provider has been called then.
  absl::StatusOr<std::unique_ptr<GenerationEvents>> Start(
      const CallContext& call, const v1::StreamGenerateRequest& request) const;

  // How Start would pack the request for the first provider of its model. Calls nobody. The same
  // errors.
  absl::StatusOr<v1::PackPromptResponse> Pack(const CallContext& call,
                                              const v1::PackPromptRequest& request) const;

 private:
  const Router& router_;
  Ledger& ledger_;
  const RoutedCallParts parts_;
  mutable CutNotices notices_;
};

}  // namespace dramatis::inference
