#include "services/memory/module.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "embedded/memory_migrations.h"
#include "services/memory/config.h"
#include "services/memory/goals/goals.h"
#include "services/memory/journal/journal.h"
#include "services/memory/keys/keys.h"
#include "services/memory/keys_command.h"
#include "services/memory/memories/meanings.h"
#include "services/memory/memories/memories.h"
#include "services/memory/memories/observations.h"
#include "services/memory/memories/recall.h"
#include "services/memory/memories/summaries.h"
#include "services/memory/peers/grpc_peers.h"
#include "services/memory/profile/profiles.h"
#include "services/memory/service.h"
#include "services/memory/settings/variables.h"
#include "services/memory/sql/embeddings.h"
#include "services/memory/sql/goals.h"
#include "services/memory/sql/journal.h"
#include "services/memory/sql/keys.h"
#include "services/memory/sql/memory_sync.h"
#include "services/memory/sql/reindex.h"
#include "services/memory/sql/sample.h"
#include "services/memory/sql/store.h"
#include "services/memory/sql/user_data.h"
#include "shared/executor/executor.h"
#include "shared/executor/periodic.h"
#include "shared/sql/backfill.h"
#include "shared/sql/kept_secret.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"
#include "shared/time/timer.h"

namespace dramatis::memory {
namespace {

// Calls that wait for a model, at most a minute each: few, since each holds a thread meanwhile, and
// apart from the others. Nobody's turn waits for them; where the queue is full, conversation asks
// again later.
constexpr int kPatientThreads = 4;
constexpr int kPatientQueue = 64;

// How soon a new memory is found by what it means.
constexpr absl::Duration kEmbedInterval = absl::Seconds(2);

class RunningModule : public Module {
 public:
  RunningModule(const Config& config, const ModuleContext& context)
      : keys_needed_(context.config.keys_needed),
        channel_(context.channel),
        database_(context.database),
        store_(context.database, context.clock),
        journal_store_(context.database, context.clock),
        goal_store_(context.database, context.clock),
        key_store_(context.database, context.clock),
        profiles_(store_, context.clock),
        memories_(store_, context.clock, context.ids, config.quota),
        journal_(journal_store_, store_, context.clock, context.ids),
        goals_(goal_store_, store_, context.clock, context.ids),
        keys_(key_store_, context.clock, context.ids, context.config.environment),
        recall_(
            store_,
            [this](const std::string& user_id) { return goals_.SharedBriefs(user_id); },
            [this](const CallContext& call,
                   const MemorySearch& search,
                   const std::string& question,
                   std::vector<ScoredMemory> matches) {
              return meanings_.Fuse(call, search, question, std::move(matches));
            }),
        remembering_store_(context.database),
        inference_([this] { return channel_("inference"); }),
        embedding_store_(context.database),
        meanings_({embedding_store_, inference_, context.clock, context.ids, context.logger,
                   context.metrics}),
        observations_(
            remembering_store_,
            store_,
            inference_,
            context.clock,
            context.ids,
            {.extraction = config.extraction, .model = config.model, .quota = config.quota}),
        summaries_(remembering_store_,
                   inference_,
                   context.clock,
                   context.ids,
                   {.enabled = config.summaries, .model = config.model}),
        backfills_(context.database, context.logger, WordBackfills()),
        executor_(context.config.workers, context.config.queue, context.config.queue_delay),
        rpc_(context.Rpcs("dramatis.memory.v1.MemoryService", executor_)),
        patient_(kPatientThreads, kPatientQueue),
        background_(1, 1),
        jobs_("memory", timer_, context.clock, context.logger, context.metrics) {
    ServeMemory(rpc_,
                {profiles_, memories_, journal_, goals_, recall_, keys_, observations_, summaries_},
                patient_);
  }

  // What the executor still runs uses the other parts.
  ~RunningModule() override {
    backfills_.Stop();
    jobs_.End();
    inference_.Stop();
    jobs_.Stop();
    patient_.Stop();
    executor_.Stop();
  }

  std::vector<const MethodTable*> services() override { return {&rpc_}; }

  absl::Status Start() override {
    DRAMATIS_ASSIGN_OR_RETURN(std::string key,
                              sql::KeptSecret(database_, "page_tokens", PageKey::Random()));
    rpc_.SetPageKey(std::move(key));
    DRAMATIS_RETURN_IF_ERROR(CheckKeys());
    backfills_.Start();
    jobs_.Every(kEmbedInterval, "embeddings", background_,
                [this] { return meanings_.MakePending([this] { return jobs_.ending(); }); });
    return absl::OkStatus();
  }

  // The server waits for calls under way.
  void Drain(absl::Time /*deadline*/) override {
    backfills_.Stop();
    jobs_.End();
    // Who asked asks again when there is a server again.
    inference_.Stop();
  }

 private:
  // Refuses to serve where nobody could ever come in.
  absl::Status CheckKeys() {
    if (!keys_needed_) return absl::OkStatus();
    DRAMATIS_ASSIGN_OR_RETURN(const bool any, key_store_.HasAny());
    if (any) return absl::OkStatus();
    return WithCause(
        absl::FailedPreconditionError("nobody could sign in"),
        "nobody could sign in: set DRAMATIS_OIDC_ISSUER, or make the first key with `dramatis keys "
        "create --user <you> --admin`");
  }

  const bool keys_needed_;
  const std::function<std::shared_ptr<grpc::Channel>(const std::string& name)> channel_;
  sql::Database& database_;
  SqlStore store_;
  SqlJournalStore journal_store_;
  SqlGoalStore goal_store_;
  SqlKeyStore key_store_;
  Profiles profiles_;
  Memories memories_;
  Journal journal_;
  Goals goals_;
  Keys keys_;
  Recall recall_;
  SqlRememberingStore remembering_store_;
  GrpcInferencePeer inference_;
  SqlEmbeddingStore embedding_store_;
  Meanings meanings_;
  Observations observations_;
  Summaries summaries_;
  sql::BackfillThread backfills_;
  Executor executor_;
  MethodTable rpc_;
  Executor patient_;
  Timer timer_;
  Executor background_;
  PeriodicJobs jobs_;
};

}  // namespace

const ModuleFactory& MemoryModule() {
  static const ModuleFactory factory = {
      .name = MemoryPart().name,
      .migrations = &embedded::memory_migrations,
      .configure = [](Settings& settings, const CommonConfig& /*common*/) -> ConfiguredModule {
        return {
            .make = [config = Config::From(settings)](
                        const ModuleContext& context) -> absl::StatusOr<std::unique_ptr<Module>> {
              return std::make_unique<RunningModule>(config, context);
            },
            .export_user = &ExportUser,
            .import_user = &ImportUser};
      },
      .sample = Sample(),
      .command = KeysCommand(),
  };
  return factory;
}

}  // namespace dramatis::memory
