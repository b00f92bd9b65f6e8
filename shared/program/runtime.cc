#include "shared/program/runtime.h"

#include <algorithm>
#include <climits>
#include <utility>

#include <unistd.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "shared/config/deployment.h"
#include "shared/http_client/web.h"
#include "shared/program/gated_database.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/grpc_wire.h"
#include "shared/secrets/secret_store.h"
#include "shared/sql/idempotency.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

namespace dramatis {
namespace {

// The part of the drain time-out that the frontend may take.
constexpr double kFrontendShare = 0.75;
// How often databases are looked at: to start what waits for one, and to report one that is away.
constexpr absl::Duration kDatabaseWatch = absl::Milliseconds(500);
// How often it is asked whether a secret is due to be read anew.
constexpr absl::Duration kSecretWatch = absl::Seconds(15);
// How long a replaced file of a key or certificate may go unseen.
constexpr absl::Duration kFileWatch = absl::Seconds(1);

// `address` where it names a host; otherwise, since others cannot call 0.0.0.0, this host's name.
std::string ReachableAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  char name[HOST_NAME_MAX + 1] = {};
  if ((host != "0.0.0.0" && host != "[::]") || gethostname(name, sizeof(name) - 1) != 0) {
    return address;
  }
  return absl::StrCat(name, address.substr(colon));
}

bool IsHostAndPort(const std::string& address) {
  constexpr int kMostPort = 65'535;
  const size_t colon = address.rfind(':');
  int port = 0;
  return colon != std::string::npos && colon > 0 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port > 0 && port <= kMostPort &&
         std::all_of(address.begin(), address.end(), [](char c) {
           return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '/';
         });
}

// Where another program finds one: host:port, or a target of gRPC that says how to find it
// (https://github.com/grpc/grpc/blob/master/doc/naming.md).
std::string ReadTarget(Settings& settings, const std::string& name, const std::string& fallback) {
  std::string target = settings.Text(name, fallback);
  for (const char* const scheme : {"ipv4:", "ipv6:", "unix:", "unix-abstract:", "vsock:", "xds:"}) {
    if (absl::StartsWith(target, scheme)) return target;
  }
  if (target.empty() || IsHostAndPort(std::string(absl::StripPrefix(target, "dns:///")))) {
    return target;
  }
  settings.Problem(name, "must be host:port, or dns:///host:port for all addresses of a host");
  return fallback;
}

// Who it is to other programs: the service that it is, or the gateway.
std::string IdentityName(const Program& program) {
  return std::string(absl::StripPrefix(program.name, "dramatis-"));
}

bool CallsOthers(const Program& program) {
  const std::vector<std::string> callers = program.deployment.Callers();
  return std::find(callers.begin(), callers.end(), IdentityName(program)) != callers.end();
}

}  // namespace

namespace {

// DATABASE_URL may refer to where it is read, then and again.
void ReadCommon(Settings& settings, int management_port, ProgramConfig& config) {
  static const SystemClock clock;  // outlives whatever a program has
  std::shared_ptr<secrets::SecretStore> store;
  const auto open_store = [&](bool of_aws) {
    store = std::make_shared<secrets::SecretStore>(secrets::ReadSecretSettings(settings, of_aws),
                                                   clock, SendWebRequest);
  };
  config.common = CommonConfig::From(settings, management_port, [&](const std::string& reference) {
    open_store(secrets::IsAwsSecretReference(reference));
    return store->Read(reference);
  });
  CommonConfig& common = config.common;
  if (common.database_url_reference.empty() || common.database_url.empty()) return;
  if (store == nullptr) open_store(false);
  config.database_url = std::make_shared<DatabaseUrl>(std::move(store), common);
  common.current_database_url = [url = config.database_url](const std::string& refused) {
    return url->Now(refused);
  };
}

}  // namespace

absl::StatusOr<ProgramConfig> ProgramConfig::From(const Program& program,
                                                  const Environment& environment) {
  Settings settings(environment);
  ProgramConfig config;
  const Deployment& deployment = program.deployment;
  const DefaultPorts ports = deployment.PortsOf(program.name);
  ReadCommon(settings, ports.management, config);
  if (!program.modules.empty()) {
    config.grpc_address = settings.Address("DRAMATIS_GRPC_ADDRESS", LoopbackAddress(ports.grpc));
    config.advertised_address = ReadTarget(settings, "DRAMATIS_ADVERTISED_ADDRESS", "");
  }
  for (const std::string& name : deployment.Services()) {
    const bool here =
        std::any_of(program.modules.begin(), program.modules.end(),
                    [&name](const ModuleFactory& module) { return module.name == name; });
    if (here) continue;
    config.neighbours[name] =
        ReadTarget(settings, AddressVariable(name), LoopbackAddress(deployment.PortsOf(name).grpc));
  }
  config.oidc = OidcSettings::From(settings);
  if (program.frontend) config.oidc.ReadClient(settings);
  const bool separate = !config.neighbours.empty();
  config.wire = WireConfig::From(settings, config.common,
                                 {.name = IdentityName(program),
                                  .separate = separate,
                                  .calls = separate && CallsOthers(program),
                                  .called = separate && !program.modules.empty()});
  config.common.keys_needed = program.frontend != nullptr && config.common.environment != "local" &&
                              config.oidc.rules.issuer.empty();
  for (const ModuleFactory& module : program.modules) {
    config.modules.push_back(module.configure(settings, config.common));
  }
  if (program.frontend) config.frontend = program.frontend(settings, config.common);
  DRAMATIS_RETURN_IF_ERROR(settings.Check(deployment));
  return config;
}

// One module with what it was given.
struct Runtime::Part {
  Part(const ModuleFactory& module_factory, ModuleDatabase module_database)
      : factory(module_factory), database(std::move(module_database)), gate(*database.database) {}

  const ModuleFactory& factory;
  ModuleDatabase database;
  GatedDatabase gate;  // what the module sees of it
  std::unique_ptr<ModuleContext> context;
  std::unique_ptr<Module> module;
  std::vector<std::unique_ptr<GrpcService>> services;  // those of the module, over gRPC
  std::atomic<bool> started = false;
  std::atomic<bool> there = false;  // its database answered when it was last looked at
  std::string waits_for;            // as it was last logged

  bool Serving() const { return started && there; }
};

Runtime::Runtime(const Program& program,
                 const ProgramConfig& config,
                 Logger& logger,
                 std::function<void()> fail)
    : program_(program),
      config_(config),
      logger_(logger),
      fail_(std::move(fail)),
      ids_(clock_),
      watcher_(/*threads=*/1, /*queue=*/1),
      jobs_("program", timer_, clock_, logger, metrics_) {}

Runtime::~Runtime() {
  draining_ = true;
  jobs_.Stop();
  management_.reset();
  frontend_.reset();
  server_.reset();
  // Callers before those they call.
  while (!parts_.empty())
    parts_.pop_back();
  SetProcessAuthenticator(nullptr);
}

absl::Status Runtime::Start() {
  DRAMATIS_RETURN_IF_ERROR(ChooseAuthenticator());
  DRAMATIS_ASSIGN_OR_RETURN(wire_, Wire::Open(config_.wire, clock_, logger_));
  if (!program_.modules.empty()) {
    DRAMATIS_RETURN_IF_ERROR(StartServer());
    DRAMATIS_RETURN_IF_ERROR(StartModules());
  }
  DRAMATIS_RETURN_IF_ERROR(StartFrontend());
  if (config_.database_url != nullptr) {
    jobs_.Every(kSecretWatch, "database secret", refresher_, [this] {
      config_.database_url->RefreshDue();
      return absl::OkStatus();
    });
  }
  if (config_.wire.watches() || (frontend_ != nullptr && frontend_->WatchesFiles())) {
    jobs_.Every(kFileWatch, "file watch", refresher_, [this] { return RefreshFiles(); });
  }
  return StartManagement();
}

absl::StatusOr<Authenticator*> Runtime::ChooseIssuer() {
  const ClaimsRules& rules = config_.oidc.rules;
  if (rules.issuer.empty()) {
    return config_.common.environment == "local" ? &LocalForm() : &NoClients();
  }
  KeySource::Options options;
  options.issuer = rules.issuer;
  options.jwks_url = config_.oidc.jwks_url;
  keys_ = std::make_unique<KeySource>(std::move(options), program_.fetch_keys, clock_, logger_,
                                      metrics_);
  authenticator_ = std::make_unique<OidcAuthenticator>(rules, *keys_, clock_);
  return authenticator_.get();
}

absl::Status Runtime::ChooseAuthenticator() {
  DRAMATIS_ASSIGN_OR_RETURN(Authenticator* const issuer, ChooseIssuer());
  if (!program_.find_keys) {
    SetProcessAuthenticator(issuer);
    return absl::OkStatus();
  }
  key_finder_ =
      program_.find_keys(local_, [this](const std::string& name) { return ChannelTo(name); }, ids_);
  key_authenticator_ = std::make_unique<KeyAuthenticator>(config_.common.environment,
                                                          key_finder_->Find(), *issuer, clock_);
  SetProcessAuthenticator(key_authenticator_.get());
  return absl::OkStatus();
}

absl::Status Runtime::MakeParts() {
  for (size_t i = 0; i < program_.modules.size(); ++i) {
    const ModuleFactory& factory = program_.modules[i];
    DRAMATIS_ASSIGN_OR_RETURN(ModuleDatabase database, OpenModuleDatabase(config_.common, factory));
    auto part = std::make_unique<Part>(factory, std::move(database));
    part->context = std::make_unique<ModuleContext>(ModuleContext{
        .clock = clock_,
        .ids = ids_,
        .logger = logger_,
        .metrics = metrics_,
        .config = config_.common,
        .database = part->gate,
        .channel = [this](const std::string& name) { return ChannelTo(name); },
        .replica =
            [this, &factory](const std::string& address) {
              return MakeChannel(address,
                                 wire_->Options(factory.name, {config_.common.grpc_keepalive}));
            },
        .local = local_,
        .own_address =
            [this] {
              return config_.advertised_address.empty() ? ReachableAddress(server_->address())
                                                        : config_.advertised_address;
            }});
    DRAMATIS_ASSIGN_OR_RETURN(part->module, config_.modules[i].make(*part->context));
    parts_.push_back(std::move(part));
  }
  return absl::OkStatus();
}

// An embedded schema must be there before the first call; it takes a moment only.
absl::Status Runtime::PrepareEmbedded() {
  for (const auto& part : parts_) {
    if (part->database.database->engine() != sql::Engine::kSqlite) continue;
    const absl::Status prepared = PrepareSchema(*part->database.database, part->factory,
                                                program_.name, config_.common.admin_mutations);
    if (prepared.ok()) {
      part->gate.Open();
      continue;
    }
    return WithCause(prepared, absl::StrCat("the database of ", part->factory.name, ": ",
                                            OperatorMessage(prepared)));
  }
  return absl::OkStatus();
}

absl::Status Runtime::StartServer() {
  DRAMATIS_RETURN_IF_ERROR(MakeParts());
  DRAMATIS_RETURN_IF_ERROR(PrepareEmbedded());
  std::vector<grpc::Service*> services;
  std::vector<DatabaseAdmin::Part> databases;
  for (size_t i = 0; i < parts_.size(); ++i) {
    Part* const part = parts_[i].get();
    for (const MethodTable* const table : part->module->services()) {
      local_.Add(*table);
      services.push_back(part->services.emplace_back(std::make_unique<GrpcService>(*table)).get());
    }
    databases.push_back({.factory = part->factory,
                         .module = config_.modules[i],
                         .database = *part->database.database,
                         .serving = [part] { return part->Serving(); }});
  }
  admin_ = std::make_unique<AdminServer>(config_.common, clock_, logger_, metrics_,
                                         std::move(databases));
  services.push_back(&admin_->service());
  DRAMATIS_ASSIGN_OR_RETURN(
      server_, RpcServer::Start(config_.grpc_address, services, {config_.common.grpc_keepalive},
                                wire_->server()));
  server_->SetServing(kAdminService, true);
  LogListening("grpc", server_->address());
  return absl::OkStatus();
}

absl::Status Runtime::StartModules() {
  for (const auto& part : parts_) {
    const absl::Status status = StartModule(*part);
    if (absl::IsUnavailable(status)) {
      LogWaiting(*part, status);
    } else if (!status.ok()) {
      return status;
    }
  }
  ReportWhole();
  jobs_.Every(kDatabaseWatch, "database watch", watcher_, [this] { return WatchDatabases(); });
  jobs_.Every(sql::kForgetIdempotencyKeys, "idempotency keys", forgetter_,
              [this] { return ForgetOldKeys(); });
  return absl::OkStatus();
}

absl::Status Runtime::StartModule(Part& part) {
  if (part.database.database->engine() != sql::Engine::kSqlite) {
    DRAMATIS_RETURN_IF_ERROR(PrepareSchema(*part.database.database, part.factory, program_.name,
                                           config_.common.admin_mutations));
    part.gate.Open();
  }
  DRAMATIS_RETURN_IF_ERROR(part.module->Start());
  part.started = true;
  part.there = true;
  SetServing(part, true);
  return absl::OkStatus();
}

void Runtime::SetServing(const Part& part, bool serving) {
  for (const MethodTable* const table : part.module->services())
    server_->SetServing(table->service(), serving);
}

void Runtime::LogWaiting(Part& part, const absl::Status& status) {
  const std::string what = OperatorMessage(status);
  if (what == part.waits_for) return;
  part.waits_for = what;
  logger_.Warning("waiting for the database", {{"module", part.factory.name}, {"error", what}});
}

absl::Status Runtime::WatchDatabases() {
  if (failed_) return absl::OkStatus();  // the program ends
  for (const auto& part : parts_) {
    if (part->started) {
      Look(*part);
      continue;
    }
    const absl::Status status = StartModule(*part);
    if (status.ok()) {
      logger_.Info("the database is there", {{"module", part->factory.name}});
    } else if (absl::IsUnavailable(status)) {
      LogWaiting(*part, status);
    } else {
      logger_.Error(OperatorMessage(status), {{"module", part->factory.name}});
      failed_ = true;
      fail_();
      return absl::OkStatus();
    }
  }
  ReportWhole();
  return absl::OkStatus();
}

void Runtime::Look(Part& part) {
  const absl::Status status = part.database.database->Ping();
  if (status.ok() == part.there) return;
  part.there = status.ok();
  SetServing(part, part.there);
  if (part.there) {
    logger_.Info("the database is back", {{"module", part.factory.name}});
  } else {
    logger_.Warning("the database is away",
                    {{"module", part.factory.name}, {"error", OperatorMessage(status)}});
  }
}

void Runtime::ReportWhole() {
  server_->SetServing("", std::all_of(parts_.begin(), parts_.end(),
                                      [](const auto& part) { return part->Serving(); }));
}

absl::Status Runtime::ForgetOldKeys() {
  for (const auto& part : parts_) {
    if (!part->Serving()) continue;
    DRAMATIS_RETURN_IF_ERROR(sql::ForgetIdempotencyKeys(*part->database.database,
                                                        clock_.Now() - sql::kKeepIdempotencyKeys,
                                                        [this] { return jobs_.ending(); })
                                 .status());
  }
  return absl::OkStatus();
}

absl::Status Runtime::RefreshFiles() {
  absl::Status status = wire_->Refresh();
  if (frontend_ != nullptr) status.Update(frontend_->RefreshFiles());
  return status;
}

absl::Status Runtime::StartFrontend() {
  if (!config_.frontend) return absl::OkStatus();
  const FrontendContext context{
      .clock = clock_,
      .ids = ids_,
      .logger = logger_,
      .metrics = metrics_,
      .config = config_.common,
      .channel = [this](const std::string& name) { return ChannelTo(name); },
      .local = local_,
      .oidc = config_.oidc,
      .fetch = program_.fetch_keys,
      .send_form = program_.send_form};
  DRAMATIS_ASSIGN_OR_RETURN(frontend_, config_.frontend(context));
  DRAMATIS_ASSIGN_OR_RETURN(http_address_, frontend_->Start());
  LogListening("http", http_address_);
  return absl::OkStatus();
}

absl::Status Runtime::StartManagement() {
  management_ = std::make_unique<ManagementServer>(metrics_, [this] { return Ready(); });
  DRAMATIS_ASSIGN_OR_RETURN(management_address_,
                            management_->Start(config_.common.management_address));
  LogListening("management", management_address_);
  return absl::OkStatus();
}

bool Runtime::Ready() {
  if (draining_) return false;
  for (const auto& part : parts_) {
    if (!part->started || !part->database.database->Ping().ok()) return false;
  }
  return frontend_ == nullptr || frontend_->Ready();
}

void Runtime::Drain() {
  draining_ = true;
  const absl::Time deadline = absl::Now() + config_.common.drain;
  if (server_ != nullptr) server_->StopServing();
  for (const auto& part : parts_) {
    if (part->started) part->module->EndEndlessStreams();
  }
  // The rest is for the modules: what they hand over, they write down.
  if (frontend_ != nullptr) frontend_->Drain(absl::Now() + config_.common.drain * kFrontendShare);
  jobs_.Stop();
  // Callers before those they call, which is the reverse of the program's order.
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if ((*part)->started) (*part)->module->Drain(deadline);
  }
  if (server_ != nullptr) server_->Drain(deadline);
}

std::shared_ptr<grpc::Channel> Runtime::ChannelTo(const std::string& name) {
  const absl::MutexLock lock(&channels_mutex_);
  std::shared_ptr<grpc::Channel>& channel = channels_[name];
  if (channel == nullptr) {
    const auto neighbour = config_.neighbours.find(name);
    channel =
        neighbour == config_.neighbours.end()
            ? server_->InProcessChannel()
            : MakeChannel(neighbour->second, wire_->Options(name, {config_.common.grpc_keepalive}));
  }
  return channel;
}

void Runtime::LogListening(const char* protocol, const std::string& address) {
  // Whatever the log level is: who picked port 0 has no other way to learn the address.
  const std::unique_ptr<Logger> always = MakeLogger("info", program_.name);
  always->Info("listening", {{"event", "listening"}, {"protocol", protocol}, {"address", address}});
}

}  // namespace dramatis
