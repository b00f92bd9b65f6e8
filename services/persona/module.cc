#include "services/persona/module.h"

#include <map>
#include <memory>
#include <string>

#include "embedded/persona_migrations.h"
#include "embedded/sample_persona.h"
#include "services/persona/avatar_service.h"
#include "services/persona/card_service.h"
#include "services/persona/cards/cards.h"
#include "services/persona/lore_service.h"
#include "services/persona/personas/personas.h"
#include "services/persona/rendering/rendering.h"
#include "services/persona/service.h"
#include "services/persona/settings/variables.h"
#include "services/persona/sources/config.h"
#include "services/persona/sources/default_persona.h"
#include "services/persona/sources/object_source.h"
#include "services/persona/sources/source_follower.h"
#include "services/persona/sources/sources.h"
#include "services/persona/sql/avatars.h"
#include "services/persona/sql/forget_user.h"
#include "services/persona/sql/names.h"
#include "services/persona/sql/sample.h"
#include "services/persona/sql/store.h"
#include "services/persona/sql/user_data.h"
#include "shared/executor/executor.h"
#include "shared/http_client/web.h"
#include "shared/objects/place.h"
#include "shared/rpc/service_adapter.h"
#include "shared/sql/backfill.h"
#include "shared/sql/kept_secret.h"
#include "shared/status/macros.h"

namespace dramatis::persona {
namespace {

std::map<std::string, objects::OpenedObjects> OpenBuckets(const Config& config,
                                                          const Clock& clock) {
  std::map<std::string, objects::OpenedObjects> buckets;
  for (const auto& [name, place] : config.buckets)
    buckets.emplace(name, objects::OpenedObjects(place, clock, SendWebRequest));
  return buckets;
}

std::map<std::string, objects::Objects*> Borrowed(
    const std::map<std::string, objects::OpenedObjects>& buckets) {
  std::map<std::string, objects::Objects*> borrowed;
  for (const auto& [name, bucket] : buckets)
    borrowed.emplace(name, &*bucket);
  return borrowed;
}

class RunningModule : public Module {
 public:
  RunningModule(const Config& config, const ModuleContext& context)
      : database_(context.database),
        store_(context.database, context.clock),
        files_(config.persona_dir, context.clock),
        buckets_(OpenBuckets(config, context.clock)),
        objects_(Borrowed(buckets_), context.clock),
        source_(files_, objects_),
        follower_(store_, source_, context.clock, context.logger, config.max_biography_bytes),
        default_persona_(
            config, embedded::sample_persona, store_, source_, context.clock, context.logger),
        personas_(config,
                  {.store = store_,
                   .source = source_,
                   .follower = follower_,
                   .default_persona = default_persona_,
                   .clock = context.clock,
                   .ids = context.ids,
                   .logger = context.logger}),
        rendering_(config, store_, follower_, default_persona_, context.clock),
        backfills_(context.database, context.logger, NameBackfills()),
        executor_(context.config.workers, context.config.queue, context.config.queue_delay),
        rpc_(v1::PersonaService::service_full_name(),
             executor_,
             context.clock,
             context.logger,
             context.metrics),
        service_(rpc_, personas_, rendering_),
        cards_(config, store_, follower_, context.clock, context.ids),
        card_rpc_(v1::CardService::service_full_name(),
                  executor_,
                  context.clock,
                  context.logger,
                  context.metrics),
        card_service_(card_rpc_, cards_),
        lores_(store_, context.clock),
        lore_rpc_(v1::LoreService::service_full_name(),
                  executor_,
                  context.clock,
                  context.logger,
                  context.metrics),
        lore_service_(lore_rpc_, lores_),
        avatar_store_(context.database),
        avatars_(store_, avatar_store_, context.clock),
        avatar_rpc_(v1::AvatarService::service_full_name(),
                    executor_,
                    context.clock,
                    context.logger,
                    context.metrics),
        avatar_service_(avatar_rpc_, avatars_) {
    service_.Offer(context.local);
    card_service_.Offer(context.local);
    lore_service_.Offer(context.local);
    avatar_service_.Offer(context.local);
    if (config.max_biography_bytes_set) {
      context.logger.Warning(
          "DRAMATIS_PERSONA_MAX_BYTES goes with the next release: remove it; a persona's text is "
          "cut "
          "where it takes more than a quarter of the window of the model that answers");
    }
  }

  // What the executor still runs uses the other parts.
  ~RunningModule() override {
    backfills_.Stop();
    executor_.Stop();
  }

  grpc::Service& service() override { return service_; }
  std::string full_name() const override { return v1::PersonaService::service_full_name(); }

  std::vector<OtherService> others() override {
    return {{v1::CardService::service_full_name(), &card_service_},
            {v1::LoreService::service_full_name(), &lore_service_},
            {v1::AvatarService::service_full_name(), &avatar_service_}};
  }

  absl::Status Start() override {
    DRAMATIS_ASSIGN_OR_RETURN(std::string key,
                              sql::KeptSecret(database_, "page_tokens", PageKey::Random()));
    rpc_.SetPageKey(std::move(key));
    default_persona_.Start();
    backfills_.Start();
    return absl::OkStatus();
  }

  // The server waits for calls under way.
  void Drain(absl::Time /*deadline*/) override { backfills_.Stop(); }

 private:
  sql::Database& database_;
  SqlStore store_;
  FileSource files_;
  const std::map<std::string, objects::OpenedObjects> buckets_;
  ObjectSource objects_;
  Sources source_;
  SourceFollower follower_;
  DefaultPersona default_persona_;
  Personas personas_;
  Rendering rendering_;
  sql::BackfillThread backfills_;
  Executor executor_;
  ServiceAdapter rpc_;
  PersonaServiceServer service_;
  Cards cards_;
  ServiceAdapter card_rpc_;
  CardServiceServer card_service_;
  Lores lores_;
  ServiceAdapter lore_rpc_;
  LoreServiceServer lore_service_;
  SqlAvatarStore avatar_store_;
  Avatars avatars_;
  ServiceAdapter avatar_rpc_;
  AvatarServiceServer avatar_service_;
};

}  // namespace

const ModuleFactory& PersonaModule() {
  static const ModuleFactory factory = {
      .name = PersonaPart().name,
      .migrations = &embedded::persona_migrations,
      .configure = [](Settings& settings, const CommonConfig& common) -> ConfiguredModule {
        const Config config = Config::From(settings, common);
        return {
            .make =
                [config](const ModuleContext& context) -> absl::StatusOr<std::unique_ptr<Module>> {
              return std::make_unique<RunningModule>(config, context);
            },
            .import_user = UserImporter(config.restrict_ai_personas)};
      },
      .sample = Sample(),
      .forget_user = &ForgetUser,
      .export_user = &ExportUser,
  };
  return factory;
}

}  // namespace dramatis::persona
