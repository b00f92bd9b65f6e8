// Any server that speaks OpenAI's chat completions
// (https://platform.openai.com/docs/api-reference/chat), streamed with usage.
//
//   OpenAiProvider provider(config, clock, loop);
//   provider.Start(question, sink);
//
// An answer is whole when a finish reason or `[DONE]` has come; one that ends before is a failure.
// After the finish reason, usage and `[DONE]` have `finish_grace`. Where the credentials are
// refused, the key is fetched once more and the call made once more. Where a field of the request
// is refused, the call is made once more without it, and so are later ones for that model
// (providers/dialect.h). Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/inference/providers/api_key.h"
#include "services/inference/providers/dialect.h"
#include "services/inference/providers/provider.h"
#include "services/inference/transport/curl_loop.h"
#include "shared/log/log.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

struct OpenAiConfig {
  // Up to and without `/chat/completions`, without a slash at the end.
  std::string base_url = "https://api.openai.com/v1";
  ApiKeySource key;
  // The models offered, the default one first; not empty.
  std::vector<ModelFacts> models;
  // Besides those in `models`, take any name the server may know.
  bool any_model = false;
  HttpTimeouts timeouts;
  // For what may follow the end of an answer.
  absl::Duration finish_grace = absl::Seconds(2);

  // OpenAI itself.
  bool IsOpenAi() const { return base_url.starts_with("https://api.openai.com/"); }
};

class OpenAiProvider : public Provider {
 public:
  // References outlive the provider and its calls.
  OpenAiProvider(const OpenAiConfig& config, const Clock& clock, CurlLoop& loop, Logger& logger);

  std::string name() const override { return "openai"; }
  std::string description() const override;
  bool retrieval() const override { return false; }
  std::vector<ModelFacts> models() const override { return config_.models; }
  std::optional<ModelFacts> FindModel(const std::string& model) const override;
  std::shared_ptr<ProviderCall> Start(const ModelRequest& model_request,
                                      std::shared_ptr<AnswerSink> sink) override;

 private:
  class Call;
  std::string Url() const { return config_.base_url + "/chat/completions"; }
  HttpRequest MakeRequest(std::string body, absl::Time deadline);

  const OpenAiConfig config_;
  const Clock& clock_;
  CurlLoop& loop_;
  Logger& logger_;
  ApiKey key_;
  Dialects dialects_;
};

}  // namespace dramatis::inference
