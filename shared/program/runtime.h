// A program's parts, wired and running: databases, gRPC server, modules, frontend, management port.
//
//   Runtime runtime(program, config, logger);
//   DRAMATIS_RETURN_IF_ERROR(runtime.Start());
//   ... wait for a signal ...
//   runtime.Drain();
//
// Start and Drain are called once each, by one thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "shared/executor/executor.h"
#include "shared/executor/periodic.h"
#include "shared/identity/key_authenticator.h"
#include "shared/identity/key_source.h"
#include "shared/identity/oidc_authenticator.h"
#include "shared/identity/oidc_settings.h"
#include "shared/program/admin_service.h"
#include "shared/program/database_url.h"
#include "shared/program/databases.h"
#include "shared/program/management_server.h"
#include "shared/program/program.h"
#include "shared/program/wire.h"
#include "shared/rpc/server.h"

namespace dramatis {

// What the settings say, read before anything is touched.
struct ProgramConfig {
  using MakeFrontend =
      std::function<absl::StatusOr<std::unique_ptr<Frontend>>(const FrontendContext&)>;

  CommonConfig common;
  // Where DATABASE_URL is read again; null where it stays as it is.
  std::shared_ptr<DatabaseUrl> database_url;
  OidcSettings oidc;
  WireConfig wire;
  std::string grpc_address;                       // empty where the program has no module
  std::string advertised_address;                 // empty: the gRPC address
  std::map<std::string, std::string> neighbours;  // name to target
  std::vector<ConfiguredModule> modules;          // in the program's order
  MakeFrontend frontend;                          // may be empty

  // Every problem at once.
  static absl::StatusOr<ProgramConfig> From(const Program& program, const Environment& environment);
};

class Runtime {
 public:
  // `fail` is called from another thread when the program cannot go on (a schema that does not
  // fit, found after the database came back).
  Runtime(const Program& program,
          const ProgramConfig& config,
          Logger& logger,
          std::function<void()> fail);
  ~Runtime();

  // Serves. Returns when every address listens; modules whose database cannot be reached yet start
  // when it can.
  absl::Status Start();
  // Where it listens; valid after Start.
  const std::string& grpc_address() const { return server_->address(); }
  const std::string& management_address() const { return management_address_; }
  // Empty where there is no frontend.
  const std::string& http_address() const { return http_address_; }
  bool speaks_tls() const { return frontend_ != nullptr && frontend_->SpeaksTls(); }
  // Takes itself out of service, lets calls under way end, until the drain time-out.
  void Drain();

 private:
  struct Part;

  absl::Status ChooseAuthenticator();
  // Who is let in without a key.
  absl::StatusOr<Authenticator*> ChooseIssuer();
  absl::Status MakeParts();
  absl::Status PrepareEmbedded();
  absl::Status StartServer();
  absl::Status StartFrontend();
  absl::Status StartManagement();
  // Starts the modules whose schema is there; the others are left to the watcher.
  absl::Status StartModules();
  absl::Status StartModule(Part& part);
  // Says what a module waits for, once.
  void LogWaiting(Part& part, const absl::Status& status);
  // Reports every service of the part.
  void SetServing(const Part& part, bool serving);
  // A periodic job: starts modules whose database was not there, and reports a module as serving
  // only while its database answers.
  absl::Status WatchDatabases();
  void Look(Part& part);
  void ReportWhole();
  // A periodic job: forgets old idempotency keys in every database.
  absl::Status ForgetOldKeys();
  // A periodic job: looks at the files of keys and certificates again.
  absl::Status RefreshFiles();
  bool Ready();
  std::shared_ptr<grpc::Channel> ChannelTo(const std::string& name);
  void LogListening(const char* protocol, const std::string& address);

  const Program& program_;
  const ProgramConfig& config_;
  Logger& logger_;
  const std::function<void()> fail_;
  SystemClock clock_;
  UuidV7Source ids_;
  Metrics metrics_;
  LocalMethods local_;
  // Before everything that serves, so that it outlives every call; null for the local form.
  std::unique_ptr<KeySource> keys_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<Wire> wire_;
  // Of programs with a gateway, where keys come in.
  std::unique_ptr<ApiKeyFinder> key_finder_;
  std::unique_ptr<KeyAuthenticator> key_authenticator_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::unique_ptr<AdminServer> admin_;
  absl::Mutex channels_mutex_;
  std::map<std::string, std::shared_ptr<grpc::Channel>> channels_ ABSL_GUARDED_BY(channels_mutex_);
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<Frontend> frontend_;
  std::unique_ptr<ManagementServer> management_;
  std::string management_address_;
  std::string http_address_;
  std::atomic<bool> draining_ = false;
  bool failed_ = false;  // of the watcher
  Timer timer_;
  Executor watcher_;
  Executor forgetter_{1, 1};
  Executor refresher_{1, 1};
  PeriodicJobs jobs_;
};

}  // namespace dramatis
