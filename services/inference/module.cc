#include "services/inference/module.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "embedded/inference_migrations.h"
#include "services/inference/anthropic/anthropic_wire.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/config.h"
#include "services/inference/embedding/embeddings.h"
#include "services/inference/embedding/model_embedder.h"
#include "services/inference/embedding/table_embedder.h"
#include "services/inference/generation/generations.h"
#include "services/inference/providers/http_provider.h"
#include "services/inference/providers/local_provider.h"
#include "services/inference/providers/openai_wire.h"
#include "services/inference/routing/limited_provider.h"
#include "services/inference/routing/models.h"
#include "services/inference/routing/router.h"
#include "services/inference/service.h"
#include "services/inference/settings/variables.h"
#include "services/inference/sql/forget_user.h"
#include "services/inference/sql/ledger.h"
#include "services/inference/sql/store.h"
#include "services/inference/sql/user_data.h"
#include "services/inference/transport/curl_loop.h"
#include "services/inference/usage/budgets.h"
#include "services/inference/usage/ledger.h"
#include "services/inference/usage/usage.h"
#include "shared/aws/credential_cache.h"
#include "shared/aws/credentials.h"
#include "shared/aws/http/fetch_url.h"
#include "shared/executor/executor.h"
#include "shared/executor/periodic.h"
#include "shared/http_client/web.h"
#include "shared/secrets/secret_store.h"
#include "shared/sql/kept_secret.h"
#include "shared/sql/lease_clock.h"
#include "shared/status/macros.h"
#include "shared/time/clock.h"

namespace dramatis::inference {
namespace {

// Secrets are read anew between 240 and 300 s after they were.
constexpr absl::Duration kSecretsLook = absl::Seconds(15);

std::unique_ptr<WireFormat> FormatOf(Api api) {
  if (api == Api::kAnthropic) return std::make_unique<AnthropicFormat>();
  return std::make_unique<OpenAiFormat>();
}

std::unique_ptr<aws::CredentialCache> MakeCredentials(const Config& config, const Clock& clock) {
  if (!config.aws.has_value()) return nullptr;
  return std::make_unique<aws::CredentialCache>(
      [settings = *config.aws] { return aws::FetchCredentials(settings, aws::FetchUrl); }, clock);
}

// Every provider there is.
std::vector<std::unique_ptr<Provider>> MakeProviders(const Config& config,
                                                     const HttpProviderParts& parts,
                                                     Executor& executor) {
  std::vector<std::unique_ptr<Provider>> providers;
  for (const ProviderConfig& config_of : config.providers) {
    std::unique_ptr<Provider> provider;
    if (config_of.api == Api::kLocal) {
      provider = std::make_unique<LocalProvider>(parts.loop, config.local_delay, config_of.name);
    } else {
      provider = std::make_unique<HttpProvider>(config_of, FormatOf(config_of.api), parts);
    }
    if (config_of.max_concurrent > 0) {
      provider = std::make_unique<LimitedProvider>(std::move(provider), config_of.max_concurrent,
                                                   executor);
    }
    providers.push_back(std::move(provider));
  }
  providers.push_back(std::make_unique<LocalProvider>(parts.loop, config.local_delay));
  return providers;
}

// Null where the deployment has none.
std::unique_ptr<Embedder> MakeEmbedder(const Config& config,
                                       const Clock& clock,
                                       CurlLoop& loop,
                                       const Catalogue& catalogue,
                                       secrets::SecretStore& secret_store) {
  if (!config.embedder_table.empty()) {
    // The settings were checked with it; a file that is gone since then embeds nothing.
    absl::StatusOr<std::unique_ptr<Embedder>> table = OpenTable(config.embedder_table);
    return table.ok() ? *std::move(table) : nullptr;
  }
  for (const ProviderConfig& provider : config.providers) {
    if (provider.name != config.embedder_provider) continue;
    ModelSpec spec = {.name = config.embedder_model};
    for (const ModelSpec& named : provider.models) {
      if (named.name == config.embedder_model) spec = named;
    }
    return std::make_unique<ModelEmbedder>(provider, config.embedder_model,
                                           Describe(spec, catalogue, provider.catalogue).prices,
                                           clock, loop, &secret_store);
  }
  return nullptr;
}

class RunningModule : public Module {
 public:
  RunningModule(const Config& config, const ModuleContext& context)
      : clock_(context.clock),
        logger_(context.logger),
        database_(context.database),
        store_(context.database),
        executor_(context.config.workers, context.config.queue, context.config.queue_delay),
        loop_({.ca_file = config.ca_file}),
        catalogue_(config.models_file, context.clock),
        vocabularies_(config.vocabularies),
        credentials_(MakeCredentials(config, context.clock)),
        secrets_(config.secret_settings, context.clock, SendWebRequest),
        router_(MakeProviders(config,
                              {context.clock, loop_, context.logger, catalogue_, credentials_.get(),
                               &secrets_, &vocabularies_},
                              executor_),
                config.chain,
                steady_clock_),
        ledger_store_(context.database),
        leases_(context.database, steady_clock_),
        ledger_(ledger_store_,
                leases_,
                config.limits,
                context.ids,
                context.logger,
                context.metrics,
                config.reservation_lease),
        generations_(router_,
                     ledger_,
                     {.executor = executor_,
                      .timers = loop_,
                      .clock = context.clock,
                      .random = SystemRandom,
                      .logger = context.logger,
                      .metrics = context.metrics,
                      .restart_broken = config.restart_broken,
                      .hedge_after = config.hedge_after}),
        tasks_(router_,
               ledger_,
               {.executor = executor_,
                .timers = loop_,
                .clock = context.clock,
                .random = SystemRandom,
                .logger = context.logger,
                .metrics = context.metrics}),
        models_(router_),
        rpc_(context.Rpcs("dramatis.inference.v1.InferenceService", executor_)),
        budgets_(ledger_),
        usage_(store_, budgets_, context.clock),
        embedder_(MakeEmbedder(config, context.clock, loop_, catalogue_, secrets_)),
        embeddings_(embedder_.get(),
                    {.ledger = ledger_, .executor = executor_, .ids = context.ids}),
        jobs_("inference", loop_, context.clock, context.logger, context.metrics) {
    ServeInference(rpc_, {generations_, tasks_, models_, usage_, budgets_, embeddings_});
  }

  // What still runs uses the parts below it: it stops before they go.
  ~RunningModule() override {
    jobs_.Stop();
    tasks_.Stop();
    executor_.Stop();
    if (credentials_ != nullptr) credentials_->Stop();
    secrets_.Stop();
    loop_.Stop();
  }

  std::vector<const MethodTable*> services() override { return {&rpc_}; }

  absl::Status Start() override {
    DRAMATIS_ASSIGN_OR_RETURN(std::string key,
                              sql::KeptSecret(database_, "page_tokens", PageKey::Random()));
    rpc_.SetPageKey(std::move(key));
    DRAMATIS_RETURN_IF_ERROR(leases_.Refresh());
    DRAMATIS_RETURN_IF_ERROR(ledger_.Renew());
    // Only one process has an embedded store open: whatever is reserved there is nobody's.
    const bool only_process = database_.engine() == sql::Engine::kSqlite;
    DRAMATIS_RETURN_IF_ERROR(ledger_.FreeAbandoned(only_process));
    StartJobs();
    for (const EndingModel& model : models_.Ending(clock_.Now())) {
      logger_.Warning("a model's provider does not serve it much longer: name another one",
                      {{"model", model.model}, {"until", model.until}});
    }
    return absl::OkStatus();
  }

  // Nothing runs but calls, and the server waits for those.
  void Drain(absl::Time /*deadline*/) override {}

 private:
  void StartJobs() {
    jobs_.Every(sql::kLeaseClockRefresh, "lease clock", executor_,
                [this] { return leases_.Refresh(); });
    jobs_.Every(ledger_.renewal(), "ledger lease", executor_, [this] { return ledger_.Renew(); });
    jobs_.Every(ledger_.renewal(), "freed reservations", executor_,
                [this] { return ledger_.FreeAbandoned(); });
    jobs_.Every(kSecretsLook, "secrets", executor_, [this] {
      secrets_.RefreshDue();
      return absl::OkStatus();
    });
  }

  const Clock& clock_;
  Logger& logger_;
  sql::Database& database_;
  SqlStore store_;
  Executor executor_;
  CurlLoop loop_;
  const Catalogue catalogue_;
  const Vocabularies vocabularies_;
  const std::unique_ptr<aws::CredentialCache> credentials_;  // null where nothing is signed
  secrets::SecretStore secrets_;
  const SteadyClock steady_clock_;  // of the breakers
  Router router_;
  SqlLedgerStore ledger_store_;
  sql::LeaseClock leases_;
  Ledger ledger_;
  Generations generations_;
  Tasks tasks_;
  Models models_;
  MethodTable rpc_;
  Budgets budgets_;
  Usage usage_;
  const std::unique_ptr<Embedder> embedder_;
  Embeddings embeddings_;
  PeriodicJobs jobs_;
};

}  // namespace

const ModuleFactory& InferenceModule() {
  static const ModuleFactory factory = {
      .name = InferencePart().name,
      .migrations = &embedded::inference_migrations,
      .configure = [](Settings& settings, const CommonConfig& /*common*/) -> ConfiguredModule {
        return {
            .make = [config = Config::From(settings)](
                        const ModuleContext& context) -> absl::StatusOr<std::unique_ptr<Module>> {
              return std::make_unique<RunningModule>(config, context);
            },
            .export_user = &ExportUser,
            .import_user = &ImportUser};
      },
      .forget_user = &ForgetUser,
  };
  return factory;
}

}  // namespace dramatis::inference
