// The provider `local`: the built-in retrieval model (retrieval/local_retrieval.h), streamed in
// word pieces. For trying Dramatis without a key. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/inference/providers/provider.h"
#include "shared/time/timer.h"

namespace dramatis::inference {

class LocalProvider : public Provider {
 public:
  // Waits `delay` before each piece but the first. `timers` outlives the provider's calls.
  LocalProvider(Timers& timers, absl::Duration delay, std::string name = "local")
      : timers_(timers), delay_(delay), name_(std::move(name)) {}

  std::string name() const override { return name_; }
  std::string description() const override;
  bool retrieval() const override { return true; }
  std::vector<ModelFacts> models() const override;
  std::optional<ModelFacts> FindModel(const std::string& model) const override;
  std::shared_ptr<ProviderCall> Start(const ModelRequest& model_request,
                                      std::shared_ptr<AnswerSink> sink) override;

 private:
  class Call;

  Timers& timers_;
  const absl::Duration delay_;
  const std::string name_;
};

// A text as words, each with the white space after it. Joined they are the text.
std::vector<std::string> WordPieces(const std::string& text);

}  // namespace dramatis::inference
