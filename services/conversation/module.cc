#include "services/conversation/module.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <utility>

#include "embedded/conversation_migrations.h"
#include "services/conversation/accounts/accounts.h"
#include "services/conversation/accounts/deletion.h"
#include "services/conversation/archives/archives.h"
#include "services/conversation/archives/jobs.h"
#include "services/conversation/config.h"
#include "services/conversation/events/feed.h"
#include "services/conversation/events/room_events.h"
#include "services/conversation/events/tail.h"
#include "services/conversation/openai/completions.h"
#include "services/conversation/outbox/memory_sync.h"
#include "services/conversation/peers/grpc_memory_sync.h"
#include "services/conversation/peers/grpc_peers.h"
#include "services/conversation/peers/grpc_user_data.h"
#include "services/conversation/peers/replica_mirror.h"
#include "services/conversation/rooms/upkeep.h"
#include "services/conversation/service.h"
#include "services/conversation/sessions/new_session.h"
#include "services/conversation/sessions/retention.h"
#include "services/conversation/sessions/titles.h"
#include "services/conversation/sessions/upkeep.h"
#include "services/conversation/settings/variables.h"
#include "services/conversation/sql/accounts.h"
#include "services/conversation/sql/archives/jobs.h"
#include "services/conversation/sql/archives/user_data.h"
#include "services/conversation/sql/memory_outbox.h"
#include "services/conversation/sql/rooms/choices.h"
#include "services/conversation/sql/rooms/events.h"
#include "services/conversation/sql/rooms/rooms.h"
#include "services/conversation/sql/sample.h"
#include "services/conversation/sql/search.h"
#include "services/conversation/sql/shares.h"
#include "services/conversation/sql/store.h"
#include "services/conversation/sql/transcripts/transcripts.h"
#include "services/conversation/sql/turn_store.h"
#include "services/conversation/transcripts/transcripts.h"
#include "services/conversation/turn_taking/planning.h"
#include "services/conversation/turns/choices.h"
#include "services/conversation/turns/recovery.h"
#include "shared/executor/periodic.h"
#include "shared/http_client/web.h"
#include "shared/log/log_scope.h"
#include "shared/objects/place.h"
#include "shared/rpc/channel.h"
#include "shared/sql/backfill.h"
#include "shared/sql/kept_secret.h"
#include "shared/sql/lease_clock.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

// Writes and reads of turns under way: short, and never behind a call to a neighbour.
constexpr int kBackgroundThreads = 4;
// Tell memory what happened in conversations: each waits for a model. How often they look for work.
constexpr int kRememberingThreads = 4;
constexpr absl::Duration kRememberInterval = absl::Milliseconds(500);
// Work on imports and exports, and how often they look for some.
constexpr int kArchiveThreads = 2;
// A job's lease in those of a turn: a step may wait for a neighbour.
constexpr int kStepsInLease = 4;
constexpr absl::Duration kArchiveInterval = absl::Milliseconds(500);
// How often archives whose time is over are deleted.
constexpr absl::Duration kExpiryInterval = absl::Minutes(10);
// The services that keep something of users, besides this one: all of them forget, export and
// import. Personas come first, since others name them.
constexpr const char* kUserDataServices[] = {"persona", "memory", "inference"};
// How often what nobody knows of is looked for among archives.
constexpr absl::Duration kSweepInterval = absl::Hours(6);
// How often a part of the sessions is looked through for what is to be written or deleted.
constexpr absl::Duration kRetentionInterval = absl::Seconds(2);
// How often rooms that somebody follows are looked at, for changes that nobody told.
constexpr absl::Duration kLookInterval = absl::Seconds(2);
constexpr absl::Duration kIndexInterval = absl::Milliseconds(500);

class Module : public dramatis::Module {
 public:
  Module(const ModuleContext& context, const Config& config)
      : context_(context),
        config_(config),
        store_(context.database),
        feed_([this](const std::string& id) { TellOthers(id); }),
        room_store_(context.database, feed_),
        turn_store_(context.database, feed_),
        share_store_(context.database),
        rpc_executor_(context.config.workers, context.config.queue, context.config.queue_delay),
        prepare_(context.config.workers, context.config.queue, context.config.queue_delay),
        background_(kBackgroundThreads, context.config.queue, context.config.queue_delay),
        backfills_(context.database, context.logger, SearchBackfills()),
        personas_(Lazy("persona"), context.local),
        memories_(Lazy("memory"), context.local),
        inference_(Lazy("inference"), context.local),
        leases_(context.database, steady_),
        outbox_(context.database),
        remembering_peer_(Lazy("memory")),
        remembering_(outbox_, remembering_peer_, leases_, context.logger, context.metrics),
        remembering_executor_(kRememberingThreads, kRememberingThreads),
        jobs_("conversation", timer_, context.clock, context.logger, context.metrics),
        planning_(context.ids, leases_, {.delays = config.response_delay}),
        tools_{store_,      turn_store_,    personas_,       memories_, inference_, context.clock,
               context.ids, context.logger, context.metrics, planning_, leases_},
        replicas_({turn_store_, timer_, background_, [this] { return worker_.address(); },
                   [this](const std::string& id) { return live_turns_.Find(id) != nullptr; },
                   context.replica}),
        worker_(
            tools_,
            live_turns_,
            timer_,
            prepare_,
            background_,
            {.owner = context.ids.NewId(),
             .lease = config.turn_lease,
             .on_lost = [this](const std::shared_ptr<LiveTurn>& turn) { replicas_.Adopt(turn); },
             .on_waiting = [this](const auto& turns) { AwaitTurns(turns); },
             .on_next = [this](const std::string& turn_id) { replicas_.Look(turn_id); },
             .on_replied = [this](const TurnJob& job,
                                  const TurnEnd& end,
                                  const CallContext& call) { titles_.Replied(job, end, call); }}),
        titles_(tools_, config.title_model, background_),
        choice_store_(context.database, feed_),
        choices_(tools_,
                 choice_store_,
                 timer_,
                 background_,
                 {.lease = config.turn_lease,
                  .on_waiting = [this](const auto& turns) { AwaitTurns(turns); }}),
        recovery_(tools_, live_turns_, worker_),
        sessions_(tools_),
        room_tools_{room_store_, personas_, context.clock, context.ids, context.logger},
        turns_(tools_, room_tools_, live_turns_, worker_, recovery_, replicas_),
        chat_(tools_, worker_, turns_, background_),
        previews_(tools_),
        alternatives_(tools_, worker_, turns_),
        transcript_objects_(OpenTranscripts()),
        transcript_store_(context.database),
        transcripts_(transcript_store_,
                     store_,
                     transcript_objects_ == nullptr ? nullptr : &**transcript_objects_,
                     leases_),
        retention_(store_,
                   transcript_store_,
                   transcripts_,
                   {.rows = config.retention, .transcripts = config.transcript_retention},
                   context.clock,
                   context.logger,
                   [this](const SessionRow& session) { GiveUpHold(session); }),
        forks_(tools_, worker_, transcripts_),
        shares_(tools_, share_store_, transcripts_),
        history_(tools_, transcripts_),
        rooms_(room_tools_),
        participants_(room_tools_),
        room_messages_(
            room_tools_, planning_.OfHumans(), [this](const auto& turns) { AwaitTurns(turns); }),
        requested_(tools_, room_tools_, worker_, turns_, background_),
        prompts_(tools_, room_tools_),
        account_store_(context.database),
        accounts_(account_store_, context.clock, context.ids, context.logger),
        user_data_(UserDataNeighbours()),
        objects_(config.objects, context.clock, SendWebRequest),
        account_deletions_(
            account_store_, room_tools_, user_data_, *objects_, transcripts_, leases_),
        job_store_(context.database),
        job_tools_{
            job_store_,
            *objects_,
            personas_,
            user_data_,
            context.clock,
            leases_,
            context.ids,
            context.logger,
            TemporaryFolder(),
            [this](const std::string& user_id) { return transcripts_.BringBackAll(user_id); }},
        archives_(job_tools_),
        archive_jobs_(job_tools_, kStepsInLease * config.turn_lease),
        archive_executor_(kArchiveThreads, kArchiveThreads),
        upkeep_(room_tools_),
        session_upkeep_(tools_),
        room_event_store_(context.database),
        tail_tools_{room_event_store_, feed_, live_turns_, replicas_, background_, timer_},
        tails_(tail_tools_),
        following_(tail_tools_, tails_),
        answers_(chat_, alternatives_, turns_, requested_, background_),
        completions_(tools_, chat_),
        completion_answers_(completions_, config.openai_session_headers, background_),
        rpcs_(context.Rpcs("dramatis.conversation.v1.ConversationService", rpc_executor_)),
        archive_rpcs_(context.Rpcs("dramatis.conversation.v1.ArchiveService", rpc_executor_)),
        openai_rpcs_(context.Rpcs("dramatis.openai.v1.OpenAiService", rpc_executor_)),
        notifier_(context.database.OpenNotifier(
            "rooms",
            {.on_item = [this](const std::string& id) { feed_.Wake(id); },
             .on_gap = [this] { (void)background_.Post([this] { LookAtRooms(); }); }})) {
    ServeConversations(
        rpcs_, {sessions_, previews_, alternatives_, forks_, shares_, turns_, history_, rooms_,
                participants_, room_messages_, following_, answers_, prompts_, accounts_});
    ServeArchives(archive_rpcs_, archives_);
    ServeOpenAi(openai_rpcs_, completions_, completion_answers_);
    const auto admit = [this] { return worker_.Admit(); };
    rpcs_.Gate({"Chat", "StreamChat", "RetryTurn", "RegenerateTurn", "StreamRegenerateTurn",
                "GenerateResponse", "StreamGenerateResponse"},
               admit);
    openai_rpcs_.Gate(
        {"CreateChatCompletion", "StreamChatCompletion", "CreateResponse", "StreamResponse"},
        admit);
  }

  ~Module() override {
    // The server has ended: nobody calls any more. First what makes work, then what does it.
    tails_.Stop();
    StopJobs();
    timer_.Stop();
    backfills_.Stop();
    remembering_executor_.Stop();
    archive_executor_.Stop();
    rpc_executor_.Stop();
    worker_.Stop();
    titles_.Stop();
    choices_.Stop();
    replicas_.Stop();
    prepare_.Stop();
    background_.Stop();
  }

  std::vector<const MethodTable*> services() override {
    return {&rpcs_, &openai_rpcs_, &archive_rpcs_};
  }

  // May be called again after it failed.
  absl::Status Start() override {
    DRAMATIS_ASSIGN_OR_RETURN(std::string key,
                              sql::KeptSecret(context_.database, "page_tokens", PageKey::Random()));
    archive_rpcs_.SetPageKey(key);
    rpcs_.SetPageKey(std::move(key));
    worker_.SetAddress(context_.own_address());
    DRAMATIS_RETURN_IF_ERROR(leases_.Refresh());
    // Only one process has an embedded store open: whatever turn is open there is nobody's.
    const bool only_process = context_.database.engine() == sql::Engine::kSqlite;
    DRAMATIS_RETURN_IF_ERROR(recovery_.Recover(only_process).status());
    DRAMATIS_RETURN_IF_ERROR(choices_.Recover(only_process));
    if (only_process) DRAMATIS_RETURN_IF_ERROR(job_store_.FreeAll());
    worker_.Start();
    StartJobs();
    backfills_.Start();
    return absl::OkStatus();
  }

  void EndEndlessStreams() override { tails_.Stop(); }

  void Drain(absl::Time deadline) override {
    draining_ = true;
    EndEndlessStreams();
    StopJobs();
    backfills_.Stop();
    worker_.Drain(deadline);
    replicas_.Stop();
  }

 private:
  std::function<std::shared_ptr<grpc::Channel>()> Lazy(const std::string& name) {
    return [this, name] { return context_.channel(name); };
  }

  std::vector<GrpcUserDataPeer::Keeper> UserDataNeighbours() {
    std::vector<GrpcUserDataPeer::Keeper> neighbours;
    for (const char* const service : kUserDataServices)
      neighbours.push_back({service, Lazy(service)});
    return neighbours;
  }

  std::unique_ptr<objects::OpenedObjects> OpenTranscripts() const {
    if (!config_.transcripts.has_value()) return nullptr;
    return std::make_unique<objects::OpenedObjects>(*config_.transcripts, context_.clock,
                                                    SendWebRequest);
  }

  void GiveUpHold(const SessionRow& session) {
    CallContext call;
    call.identity.user_id = session.user_id;
    call.correlation_id = absl::StrCat("retention-", session.conversation_id);
    (void)ReleaseHold(tools_, call, session);
  }

  // Where there is room for files that are worked on: in the data folder, where this program has
  // one, else where the system keeps such files.
  std::string TemporaryFolder() const {
    std::error_code ignored;
    const std::string& own = context_.config.data_dir;
    if (std::filesystem::is_directory(own, ignored)) return own;
    return std::filesystem::temp_directory_path(ignored).string();
  }

  // Each turn of a room is begun when it is due; should this process be gone by then, another one
  // finds it.
  void AwaitTurns(const std::vector<WaitingTurn>& turns) {
    const absl::Time now = leases_.Now();
    for (const WaitingTurn& turn : turns) {
      if (turn.turn_id.empty()) {
        choices_.Begin(turn.conversation_id);
        continue;
      }
      timer_.After(std::max(turn.due_at - now, absl::ZeroDuration()),
                   [this, turn] { (void)background_.Post([this, turn] { BeginTurn(turn); }); });
    }
  }

  void BeginTurn(const WaitingTurn& turn) {
    if (draining_) return;
    const LogScope scope(recovery_.CallOf(turn.turn_id));
    if (const absl::StatusOr<bool> begun = recovery_.Claim(turn); !begun.ok()) {
      context_.logger.Warning("turn not begun",
                              {{"turn_id", turn.turn_id}, {"code", GetReason(begun.status())}});
    }
  }

  // All that is done here from time to time: docs/jobs.md.
  void StartJobs() {
    jobs_.Every(std::min(config_.turn_lease / 3, absl::Seconds(5)), "turn recovery", background_,
                [this] { return recovery_.Recover(/*any_lease=*/false).status(); });
    jobs_.Every(std::min(config_.turn_lease / 3, absl::Seconds(5)), "speaker choices", background_,
                [this] { return choices_.Recover(/*any_lease=*/false); });
    jobs_.Every(sql::kLeaseClockRefresh, "lease clock", background_,
                [this] { return leases_.Refresh(); });
    jobs_.Every(kUpkeepInterval, "room upkeep", prepare_,  // it calls persona
                [this] { return upkeep_.Run([this] { return jobs_.ending(); }); });
    jobs_.Every(kUpkeepInterval, "session upkeep", prepare_,
                [this] { return session_upkeep_.Run([this] { return jobs_.ending(); }); });
    jobs_.Every(kRememberInterval, "remembering", remembering_executor_,
                [this] { return Remember(); }, {.at_once = kRememberingThreads});
    jobs_.Every(kUpkeepInterval, "account deletions", prepare_,  // it calls neighbours
                [this] { return account_deletions_.Run([this] { return jobs_.ending(); }); });
    jobs_.Every(kArchiveInterval, "archives", archive_executor_,
                [this] { return archive_jobs_.Run([this] { return jobs_.ending(); }); },
                {.at_once = kArchiveThreads});
    jobs_.Every(kExpiryInterval, "archive expiry", prepare_,
                [this] { return archive_jobs_.DeleteExpired(); });
    jobs_.Every(kSweepInterval, "archive sweep", prepare_,
                [this] { return archive_jobs_.DeleteOrphans([this] { return jobs_.ending(); }); });
    jobs_.Every(kRetentionInterval, "retention", prepare_,
                [this] { return retention_.Run([this] { return jobs_.ending(); }); });
    jobs_.Every(kLookInterval, "room events", background_, [this] { return tails_.Look(); });
    jobs_.Every(kIndexInterval, "message index", background_, [this] { return IndexMessages(); });
  }

  absl::Status IndexMessages() {
    bool more = true;
    while (more && !jobs_.ending()) {
      DRAMATIS_ASSIGN_OR_RETURN(more, IndexBatch(context_.database));
    }
    return absl::OkStatus();
  }

  void StopJobs() {
    jobs_.End();
    remembering_peer_.Stop();  // what waits for memory comes back
    user_data_.Stop();
    jobs_.Stop();
  }

  // Until nothing is left to tell.
  absl::Status Remember() {
    while (!jobs_.ending()) {
      DRAMATIS_ASSIGN_OR_RETURN(const bool worked, remembering_.WorkOffOne());
      if (!worked) break;
    }
    return absl::OkStatus();
  }

  void TellOthers(const std::string& conversation_id) {
    if (notifier_ != nullptr) notifier_->Notify(conversation_id);
  }

  void LookAtRooms() {
    if (const absl::Status looked = tails_.Look(); !looked.ok()) {
      context_.logger.Warning("rooms not looked at", {{"code", GetReason(looked)}});
    }
  }

  const ModuleContext context_;
  const Config config_;
  std::atomic<bool> draining_ = false;
  SqlStore store_;
  LocalRoomFeed feed_;
  SqlRoomStore room_store_;
  SqlTurnStore turn_store_;
  SqlShareStore share_store_;
  LiveTurns live_turns_;
  Timer timer_;
  Executor rpc_executor_;
  Executor prepare_;
  Executor background_;
  sql::BackfillThread backfills_;
  GrpcPersonaPeer personas_;
  GrpcMemoryPeer memories_;
  GrpcInferencePeer inference_;
  const SteadyClock steady_;
  sql::LeaseClock leases_;
  SqlMemoryOutbox outbox_;
  GrpcRememberingPeer remembering_peer_;
  Remembering remembering_;
  Executor remembering_executor_;
  PeriodicJobs jobs_;
  const TurnPlanning planning_;
  const TurnTools tools_;
  GrpcReplicaPeer replicas_;
  TurnWorker worker_;
  SessionTitles titles_;
  SqlChoiceStore choice_store_;
  SpeakerChoices choices_;
  Recovery recovery_;
  Sessions sessions_;
  const RoomTools room_tools_;
  Turns turns_;
  Chat chat_;
  Previews previews_;
  Alternatives alternatives_;
  const std::unique_ptr<objects::OpenedObjects> transcript_objects_;
  SqlTranscriptStore transcript_store_;
  Transcripts transcripts_;
  Retention retention_;
  Forks forks_;
  Shares shares_;
  History history_;
  Rooms rooms_;
  Participants participants_;
  RoomMessages room_messages_;
  RequestedTurns requested_;
  MessagePrompts prompts_;
  SqlAccountStore account_store_;
  Accounts accounts_;
  GrpcUserDataPeer user_data_;
  objects::OpenedObjects objects_;
  AccountDeletions account_deletions_;
  SqlJobStore job_store_;
  const JobTools job_tools_;
  Archives archives_;
  ArchiveJobs archive_jobs_;
  Executor archive_executor_;
  RoomUpkeep upkeep_;
  SessionUpkeep session_upkeep_;
  SqlRoomEventStore room_event_store_;
  const TailTools tail_tools_;
  RoomTails tails_;
  RoomFollowing following_;
  TurnAnswers answers_;
  Completions completions_;
  CompletionAnswers completion_answers_;
  MethodTable rpcs_;
  MethodTable archive_rpcs_;
  MethodTable openai_rpcs_;
  std::unique_ptr<sql::Notifier> notifier_;  // null where this process is the only one
};

ConfiguredModule Configure(Settings& settings, const CommonConfig& common) {
  return {.make = [config = Config::From(settings, common)](const ModuleContext& context)
              -> absl::StatusOr<std::unique_ptr<dramatis::Module>> {
            return std::make_unique<Module>(context, config);
          },
          .export_user = &ExportUser,
          .import_user = &ImportUser};
}

}  // namespace

const ModuleFactory& ConversationModule() {
  static const ModuleFactory& factory =
      *new ModuleFactory{.name = ConversationPart().name,
                         .migrations = &embedded::conversation_migrations,
                         .configure = &Configure,
                         .sample = Sample(),
                         .forget_user = nullptr};
  return factory;
}

}  // namespace dramatis::conversation
