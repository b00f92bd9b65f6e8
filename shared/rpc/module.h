// One microservice as a part: what a program needs to run it, alone or together with others.
// services/<name>/module.h declares `const ModuleFactory& <Name>Module()`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "shared/archive/user_data.h"
#include "shared/config/environment.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/methods/local_methods.h"
#include "shared/methods/method_table.h"
#include "shared/metrics/metrics.h"
#include "shared/sql/catalogue/user_rows.h"
#include "shared/sql/database.h"
#include "shared/sql/sample_data.h"
#include "shared/time/clock.h"

namespace dramatis {

// What every module is given. References outlive the module.
struct ModuleContext {
  const Clock& clock;
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
  const CommonConfig& config;
  // The service's own database. Its schema is there from Start on; until then a server's may not be
  // reachable, and its calls answer UNAVAILABLE.
  sql::Database& database;
  // A channel to a neighbour by its name, as in "persona". To be used from Start on. In one process
  // it is in-process.
  std::function<std::shared_ptr<grpc::Channel>(const std::string& name)> channel;
  // A channel to another replica of the service, which listens there.
  std::function<std::shared_ptr<grpc::Channel>(const std::string& address)> replica;
  // What services of this process answer without gRPC, to be looked at with each call.
  const LocalMethods& local;
  // This process's own gRPC address as other replicas reach it; set from Start on.
  std::function<std::string()> own_address;

  // The RPCs of `service`, to be filled: see MethodTable's constructor.
  MethodTable Rpcs(const std::string& service, Executor& executor) const {
    return {service, executor, clock, logger, metrics};
  }
};

class Module {
 public:
  virtual ~Module() = default;
  // The services that it serves, every line there from the beginning: over gRPC under one address,
  // and to callers of the process.
  virtual std::vector<const MethodTable*> services() = 0;
  // The server listens: connects to neighbours and starts background work (turn recovery). The
  // service is reported SERVING afterwards.
  virtual absl::Status Start() = 0;
  // The program is about to end: streams that have no end of their own end now, with UNAVAILABLE,
  // so that nobody waits for them.
  virtual void EndEndlessStreams() {}
  // The program ends: stops background work, hands over what can be handed over. Calls under way
  // go on; new ones are no longer sent here.
  virtual void Drain(absl::Time deadline) = 0;
};

// What a module's command is run with. References outlive it.
struct ModuleCommandContext {
  const CommonConfig& config;
  // The service's own, its schema up to date.
  sql::Database& database;
  const Clock& clock;
  IdSource& ids;
};

// A command of a service's own, in every program that has the service: `dramatis keys create`.
struct ModuleCommand {
  std::string name = {};  // "keys"; empty: none
  // What --help says of it, a line or several.
  std::string help = {};
  // `arguments`: what follows the name. The exit code: 0 done, 1 failed, 2 wrong usage.
  int (*run)(const std::vector<std::string>& arguments,
             const ModuleCommandContext& context) = nullptr;
};

// A service whose settings have been read.
struct ConfiguredModule {
  std::function<absl::StatusOr<std::unique_ptr<Module>>(const ModuleContext&)> make;
  // A page of what the service keeps of a user, as lines of an archive; `after` is the `next` of
  // the page before. INVALID_ARGUMENT where it is none. In one transaction. Null where it keeps
  // nothing of users.
  std::function<absl::StatusOr<UserPage>(
      sql::Transaction& tx, const std::string& user_id, const std::string& after)>
      export_user = nullptr;
  // Takes lines of `export_user` back. What is there already stays as it is; nothing
  // of anybody else's is touched. In one transaction that may be run again. Null where it keeps
  // nothing of users.
  std::function<absl::StatusOr<UserImport>(
      sql::Transaction& tx, const ImportingUser& user, const std::vector<std::string>& lines)>
      import_user = nullptr;
};

// How a program makes a module, and what it must know before. One constant per service.
struct ModuleFactory {
  std::string name;  // "persona"
  const std::vector<sql::Migration>& (*migrations)();
  // Reads the service's settings and notes problems.
  ConfiguredModule (*configure)(Settings& settings, const CommonConfig& common);
  // What seeding writes; nothing for a service without sample data.
  sql::SampleData sample = {};
  ModuleCommand command = {};
  // Deletes what the service keeps of a user, in one transaction that may be run again. Null for
  // conversation, which takes more than one (services/conversation/accounts/).
  absl::Status (*forget_user)(sql::Transaction& tx,
                              const std::string& user_id,
                              absl::Time now) = &sql::DeleteUserRows;
};

}  // namespace dramatis
