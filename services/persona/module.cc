#include "services/persona/module.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "embedded/persona_migrations.h"
#include "embedded/sample_persona.h"
#include "services/persona/avatars/avatars.h"
#include "services/persona/cards/cards.h"
#include "services/persona/lore/lores.h"
#include "services/persona/personas/personas.h"
#include "services/persona/pictures/carrying.h"
#include "services/persona/pictures/pictures.h"
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
#include "services/persona/sql/pictures.h"
#include "services/persona/sql/sample.h"
#include "services/persona/sql/store.h"
#include "services/persona/sql/user_data.h"
#include "shared/executor/executor.h"
#include "shared/executor/periodic.h"
#include "shared/http_client/web.h"
#include "shared/objects/place.h"
#include "shared/sql/backfill.h"
#include "shared/sql/kept_secret.h"
#include "shared/status/macros.h"
#include "shared/time/timer.h"

namespace dramatis::persona {
namespace {

// Give and take pictures, which may be in a bucket, behind which no turn waits.
constexpr int kPictureThreads = 4;
// How often pictures are looked for that are to be carried out of the database, or deleted.
constexpr absl::Duration kCarryInterval = absl::Seconds(2);
// How often what nobody knows of is looked for among pictures.
constexpr absl::Duration kPictureSweepInterval = absl::Hours(6);

// Pictures, which keep the place where they are objects, where there is one.
std::shared_ptr<const Pictures> OpenPictures(const std::optional<objects::Place>& place) {
  if (!place.has_value()) return std::make_shared<const Pictures>(nullptr);
  struct Opened {
    explicit Opened(const objects::Place& place) : objects(place, clock, SendWebRequest) {}
    const SystemClock clock;
    const objects::OpenedObjects objects;
    const Pictures pictures{&*objects};
  };
  const auto opened = std::make_shared<const Opened>(*place);
  return {opened, &opened->pictures};
}

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
  RunningModule(const Config& config,
                std::shared_ptr<const Pictures> pictures,
                const ModuleContext& context)
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
        picture_executor_(kPictureThreads, context.config.queue, context.config.queue_delay),
        pictures_(std::move(pictures)),
        cards_(config, store_, follower_, *pictures_, context.clock, context.ids),
        lores_(store_, context.clock),
        avatar_store_(context.database),
        avatars_(store_, avatar_store_, *pictures_, context.clock),
        picture_store_(context.database),
        carrying_(picture_store_, *pictures_, context.clock, context.ids, context.logger),
        background_(1, 2),
        jobs_("persona", timer_, context.clock, context.logger, context.metrics),
        persona_rpcs_(context.Rpcs("dramatis.persona.v1.PersonaService", executor_)),
        card_rpcs_(context.Rpcs("dramatis.persona.v1.CardService", picture_executor_)),
        lore_rpcs_(context.Rpcs("dramatis.persona.v1.LoreService", executor_)),
        avatar_rpcs_(context.Rpcs("dramatis.persona.v1.AvatarService", picture_executor_)) {
    ServePersonas(persona_rpcs_, personas_, rendering_);
    ServeCards(card_rpcs_, cards_);
    ServeLore(lore_rpcs_, lores_);
    ServeAvatars(avatar_rpcs_, avatars_);
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
    jobs_.Stop();
    picture_executor_.Stop();
    executor_.Stop();
  }

  std::vector<const MethodTable*> services() override {
    return {&persona_rpcs_, &card_rpcs_, &lore_rpcs_, &avatar_rpcs_};
  }

  absl::Status Start() override {
    DRAMATIS_ASSIGN_OR_RETURN(std::string key,
                              sql::KeptSecret(database_, "page_tokens", PageKey::Random()));
    persona_rpcs_.SetPageKey(std::move(key));
    default_persona_.Start();
    backfills_.Start();
    jobs_.Every(kCarryInterval, "pictures", background_,
                [this] { return carrying_.Run([this] { return jobs_.ending(); }); });
    jobs_.Every(kPictureSweepInterval, "picture sweep", background_,
                [this] { return carrying_.DeleteOrphans([this] { return jobs_.ending(); }); });
    return absl::OkStatus();
  }

  // The server waits for calls under way.
  void Drain(absl::Time /*deadline*/) override {
    backfills_.Stop();
    jobs_.End();
  }

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
  Executor picture_executor_;
  const std::shared_ptr<const Pictures> pictures_;
  Cards cards_;
  Lores lores_;
  SqlAvatarStore avatar_store_;
  Avatars avatars_;
  SqlPictureStore picture_store_;
  Carrying carrying_;
  Timer timer_;
  Executor background_;
  PeriodicJobs jobs_;
  MethodTable persona_rpcs_;
  MethodTable card_rpcs_;
  MethodTable lore_rpcs_;
  MethodTable avatar_rpcs_;
};

}  // namespace

const ModuleFactory& PersonaModule() {
  static const ModuleFactory factory = {
      .name = PersonaPart().name,
      .migrations = &embedded::persona_migrations,
      .configure = [](Settings& settings, const CommonConfig& common) -> ConfiguredModule {
        const Config config = Config::From(settings, common);
        const std::shared_ptr<const Pictures> pictures = OpenPictures(config.pictures);
        return {
            .make = [config, pictures](
                        const ModuleContext& context) -> absl::StatusOr<std::unique_ptr<Module>> {
              return std::make_unique<RunningModule>(config, pictures, context);
            },
            .export_user = UserExporter(pictures),
            .import_user = UserImporter(config.restrict_ai_personas)};
      },
      .sample = Sample(),
      .forget_user = &ForgetUser,
  };
  return factory;
}

}  // namespace dramatis::persona
