// A provider that is asked over HTTP, whatever its API: connections, credentials, refusals and the
// lessons of them. How requests are written and answers read is its WireFormat's.
//
//   HttpProvider provider(config, std::make_unique<OpenAiFormat>(),
//                         {clock, loop, logger, catalogue});
//   provider.Start(question, sink);
//
// An answer is whole when a finish reason or an end mark has come; one that ends before is a
// failure. After the finish reason, usage and the end mark have `finish_grace`. Where the
// credentials are refused, they are fetched once more and the call made once more. Where a field
// of the request is refused, the call is made once more without it, and so are later ones for that
// model (providers/dialect.h). An answer without text that ends at its limit was all thought: it is
// asked for once more with a larger limit, and paid for. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/catalogue/token_scales.h"
#include "services/inference/catalogue/vocabularies.h"
#include "services/inference/providers/dialect.h"
#include "services/inference/providers/provider.h"
#include "services/inference/providers/provider_config.h"
#include "services/inference/providers/wire_format.h"
#include "services/inference/transport/curl_loop.h"
#include "shared/aws/credential_cache.h"
#include "shared/log/log.h"
#include "shared/secrets/secret.h"
#include "shared/secrets/secret_store.h"
#include "shared/time/clock.h"

namespace dramatis::inference {

// What a provider works with. References outlive it and its calls.
struct HttpProviderParts {
  const Clock& clock;
  CurlLoop& loop;
  Logger& logger;
  const Catalogue& catalogue;
  // For providers whose requests are signed; null where there is none.
  aws::CredentialCache* credentials = nullptr;
  // Where keys are read from anew; null where they stay as they are.
  secrets::SecretStore* secret_store = nullptr;
  // Null where the operator gave none.
  const Vocabularies* vocabularies = nullptr;
};

class HttpProvider : public Provider {
 public:
  HttpProvider(ProviderConfig config,
               std::unique_ptr<WireFormat> format,
               const HttpProviderParts& parts);

  std::string name() const override { return config_.name; }
  std::string description() const override { return config_.description; }
  bool retrieval() const override { return false; }
  std::vector<ModelFacts> models() const override;
  std::optional<ModelFacts> FindModel(const std::string& model) const override;
  std::shared_ptr<ProviderCall> Start(const ModelRequest& model_request,
                                      std::shared_ptr<AnswerSink> sink) override;

 private:
  class Call;
  // With how its tokens are counted.
  ModelFacts FactsOf(const ModelSpec& spec) const;
  std::string Url() const;
  bool Signs() const { return config_.auth == Auth::kSigV4 && parts_.credentials != nullptr; }
  // UNAVAILABLE where there are no credentials for it.
  absl::StatusOr<HttpRequest> MakeRequest(std::string body,
                                          const std::vector<std::string>& headers,
                                          absl::Time deadline);

  const ProviderConfig config_;
  const std::unique_ptr<WireFormat> format_;
  const HttpProviderParts parts_;
  const std::unique_ptr<secrets::Secret> key_;
  Dialects dialects_;
  TokenScales scales_;
};

}  // namespace dramatis::inference
