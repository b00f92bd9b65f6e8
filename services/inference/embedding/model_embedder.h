// An embedder that is a model of a provider which speaks OpenAI's API: POST {base}/embeddings
// (https://platform.openai.com/docs/api-reference/embeddings).
//
//   ModelEmbedder embedder(provider, "text-embedding-3-small", prices, {clock, loop});
//
// One try for each call: whoever wants vectors asks again. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/inference/embedding/embedder.h"
#include "services/inference/providers/provider_config.h"
#include "services/inference/transport/curl_loop.h"
#include "shared/secrets/secret.h"
#include "shared/secrets/secret_store.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

// What a server answered to `count` texts. Pure. INVALID_ARGUMENT where it is not one vector of
// finite numbers for each text, all of one size.
absl::StatusOr<Embedded> ReadEmbeddings(std::string_view body, size_t count);

class ModelEmbedder : public Embedder {
 public:
  // References outlive the embedder and its calls. `secret_store` follows the provider's key.
  ModelEmbedder(ProviderConfig provider,
                std::string model,
                Prices prices,
                const Clock& clock,
                CurlLoop& loop,
                secrets::SecretStore* secret_store = nullptr);

  std::string name() const override { return provider_.name + "/" + model_; }
  int dimensions() const override { return *dimensions_; }
  Prices prices() const override { return prices_; }
  bool remote() const override { return true; }
  void Embed(std::vector<std::string> texts, absl::Time deadline, Done done) override;

 private:
  const ProviderConfig provider_;
  const std::string model_;
  const Prices prices_;
  const Clock& clock_;
  CurlLoop& loop_;
  const std::unique_ptr<secrets::Secret> key_;
  // Of the last answer; shared with calls under way.
  const std::shared_ptr<std::atomic<int>> dimensions_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace dramatis::inference
