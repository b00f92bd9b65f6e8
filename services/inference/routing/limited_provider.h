// A provider that is asked so many things at once at most (`maxConcurrent`): the others wait, the
// users in turns (routing/fair_gate.h). Whoever waits holds no thread, and no longer than its
// caller does, who cancels. Thread-safe.
//
//   LimitedProvider provider(std::move(inner), 8, executor);
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/inference/providers/provider.h"
#include "services/inference/routing/fair_gate.h"
#include "shared/executor/executor.h"

namespace dramatis::inference {

class LimitedProvider : public Provider {
 public:
  // Calls that had to wait are started on `executor`, which outlives the provider.
  LimitedProvider(std::unique_ptr<Provider> inner, int most, Executor& executor)
      : inner_(std::move(inner)), gate_(most), executor_(executor) {}

  std::string name() const override { return inner_->name(); }
  std::string description() const override { return inner_->description(); }
  bool retrieval() const override { return inner_->retrieval(); }
  std::vector<ModelFacts> models() const override { return inner_->models(); }
  std::optional<ModelFacts> FindModel(const std::string& model) const override {
    return inner_->FindModel(model);
  }
  std::shared_ptr<ProviderCall> Start(const ModelRequest& model_request,
                                      std::shared_ptr<AnswerSink> sink) override;

 private:
  class Call;
  const std::unique_ptr<Provider> inner_;
  FairGate gate_;
  Executor& executor_;
};

}  // namespace dramatis::inference
