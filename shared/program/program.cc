#include "shared/program/program.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <thread>
#include <utility>

#include <pthread.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "shared/config/version.h"
#include "shared/http/file_limit.h"
#include "shared/program/arguments.h"
#include "shared/program/databases.h"
#include "shared/program/identity_command.h"
#include "shared/program/memory.h"
#include "shared/program/runtime.h"
#include "shared/sql/postgres/grants.h"
#include "shared/status/macros.h"
#include "shared/status/outgoing.h"

// GnuTLS, which comes with libpq for directories of servers in LDAP, prepares itself in every
// program that it is loaded into, and takes 0.7 MiB for that. It asks this first, and is prepared
// by whoever uses it as well (`GNUTLS_SKIP_GLOBAL_INIT` in its manual).
extern "C" int _gnutls_global_init_skip();   // NOLINT(bugprone-reserved-identifier)
extern "C" int _gnutls_global_init_skip() {  // NOLINT(bugprone-reserved-identifier)
  return 1;
}

namespace dramatis {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

int Complain(const Program& program, const absl::Status& status, int code) {
  std::fprintf(stderr, "%s: %s\n", program.name.c_str(), OperatorMessage(status).c_str());
  return code;
}

// Debian's Abseil searches every lock for deadlocks, a walk through a graph each time. Debug builds
// keep that.
void SkipDeadlockSearch() {
#ifdef NDEBUG
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
}

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// What libraries have to say joins our log, from Serve on.
std::atomic<Logger*> library_logger = nullptr;

void LogForGrpc(gpr_log_func_args* args) {
  Logger* const logger = library_logger.load();
  if (logger == nullptr) return;
  const LogLevel level =
      args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  if (logger->Enabled(level)) logger->Log(level, "gRPC", {{"detail", args->message}});
}

// What protobuf has to say: of messages that are none, as a rule; it names fields, never what is in
// them.
void LogForProtobuf(google::protobuf::LogLevel severity,
                    const char* file,
                    int line,
                    const std::string& message) {
  Logger* const logger = library_logger.load();
  if (logger == nullptr) return;
  const LogLevel level = severity == google::protobuf::LOGLEVEL_FATAL  ? LogLevel::kError
                         : severity == google::protobuf::LOGLEVEL_INFO ? LogLevel::kDebug
                                                                       : LogLevel::kWarning;
  if (!logger->Enabled(level)) return;
  logger->Log(level, "protobuf", {{"detail", message}, {"source", absl::StrCat(file, ":", line)}});
}

int WaitForSignal() {
  const sigset_t signals = EndSignals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

// A second signal ends the program at once. The thread is left behind when main returns.
void EndAtNextSignal() {
  std::thread([] {
    WaitForSignal();
    _exit(kFailed);
  }).detach();
}

// The last line of the start names the page to open, where there is one; for people at a terminal
// once more in plain words, so that log files hold nothing but JSON.
void SayStarted(Logger& logger, const std::string& http_address, bool tls) {
  if (http_address.empty()) return logger.Info("started", {{"version", kVersion}});
  const std::string page = absl::StrCat(tls ? "https://" : "http://", http_address, "/");
  logger.Info("started", {{"version", kVersion}, {"page", page}});
  if (isatty(STDOUT_FILENO) == 0) return;
  std::printf("\nDramatis is ready. Open %s\n", page.c_str());
  std::fflush(stdout);
}

int Serve(const Program& program, const ProgramConfig& config) {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread, so that all inherit it
  std::signal(SIGPIPE, SIG_IGN);
  // Never freed: gRPC's threads may log until the process ends.
  Logger* const logger = MakeLogger(config.common.log_level, program.name).release();
  library_logger = logger;
  gpr_set_log_function(LogForGrpc);
  google::protobuf::SetLogHandler(LogForProtobuf);
  std::atomic<bool> failed = false;
  Runtime runtime(program, config, *logger, [&failed] {
    failed = true;
    kill(getpid(), SIGTERM);
  });
  if (const absl::Status status = runtime.Start(); !status.ok()) {
    logger->Error(absl::StrCat("cannot start: ", OperatorMessage(status)));
    return kFailed;
  }
  GiveBackStart();
  SayStarted(*logger, runtime.http_address(), runtime.speaks_tls());
  const int signal = WaitForSignal();
  logger->Info("draining", {{"signal", signal}});
  EndAtNextSignal();
  runtime.Drain();
  logger->Info("ended");
  return failed ? kFailed : kDone;
}

absl::Status MigrateModule(const ProgramConfig& config, const ModuleFactory& module) {
  DRAMATIS_ASSIGN_OR_RETURN(const ModuleDatabase opened, OpenModuleDatabase(config.common, module));
  DRAMATIS_ASSIGN_OR_RETURN(const std::vector<std::string> applied,
                            opened.database->Migrate(module.migrations()));
  if (const std::string& role = config.common.database_role; !role.empty()) {
    int tables = 0;
    DRAMATIS_RETURN_IF_ERROR(opened.database->Write([&](sql::Transaction& tx) -> absl::Status {
      DRAMATIS_ASSIGN_OR_RETURN(tables, sql::GrantTables(tx, role));
      return absl::OkStatus();
    }));
    std::printf("%s: %s may read and write the rows of %d tables\n", module.name.c_str(),
                role.c_str(), tables);
  }
  const int version = module.migrations().empty() ? 0 : module.migrations().back().number;
  if (applied.empty()) {
    std::printf("%s: nothing to apply, schema is at %d\n", module.name.c_str(), version);
  } else {
    std::printf("%s: applied %zu %s (%s), schema is at %d\n", module.name.c_str(), applied.size(),
                applied.size() == 1 ? "migration" : "migrations",
                absl::StrJoin(applied, ", ").c_str(), version);
  }
  return absl::OkStatus();
}

absl::Status CheckModule(const ProgramConfig& config, const ModuleFactory& module, bool& pending) {
  DRAMATIS_ASSIGN_OR_RETURN(const ModuleDatabase opened, OpenModuleDatabase(config.common, module));
  DRAMATIS_ASSIGN_OR_RETURN(const sql::SchemaState state,
                            opened.database->CheckSchema(module.migrations()));
  pending = pending || !state.pending.empty();
  std::printf("%s: schema is at %d, pending: %s\n", module.name.c_str(), state.version,
              state.pending.empty() ? "none" : absl::StrJoin(state.pending, ", ").c_str());
  return absl::OkStatus();
}

int Migrate(const Program& program, const ProgramConfig& config, bool only_check) {
  bool pending = false;
  for (const ModuleFactory& module : program.modules) {
    const absl::Status status =
        only_check ? CheckModule(config, module, pending) : MigrateModule(config, module);
    if (!status.ok()) return Complain(program, status, kFailed);
  }
  return pending ? kFailed : kDone;
}

// The module whose command the arguments begin with; null for none.
const ModuleFactory* FindCommand(const Program& program, int argc, char** argv) {
  if (argc < 2) return nullptr;
  for (const ModuleFactory& module : program.modules) {
    if (module.command.run != nullptr && module.command.name == argv[1]) return &module;
  }
  return nullptr;
}

std::string CommandsHelp(const Program& program) {
  std::string help;
  for (const ModuleFactory& module : program.modules)
    help += module.command.help;
  return help;
}

int RunModuleCommand(const Program& program,
                     const ModuleFactory& module,
                     const std::vector<std::string>& arguments) {
  const absl::StatusOr<ProgramConfig> config = ProgramConfig::From(program, SystemEnvironment());
  if (!config.ok()) return Complain(program, config.status(), kUsage);
  const absl::StatusOr<ModuleDatabase> opened = OpenModuleDatabase(config->common, module);
  if (!opened.ok()) return Complain(program, opened.status(), kFailed);
  const absl::Status prepared =
      PrepareSchema(*opened->database, module, program.name, config->common.admin_mutations);
  if (!prepared.ok()) return Complain(program, prepared, kFailed);
  const SystemClock clock;
  UuidV7Source ids(clock);
  return module.command.run(arguments, {config->common, *opened->database, clock, ids});
}

}  // namespace

int RunProgram(int argc, char** argv, const Program& program) {
  TuneAllocator();
  SkipDeadlockSearch();
  RaiseFileLimit();
  const bool can_migrate = !program.modules.empty();
  if (argc > 1 && std::string_view(argv[1]) == "identity" && program.name == kWholeProgram) {
    return RunIdentityCommand(program.name, std::vector<std::string>(argv + 2, argv + argc),
                              program.deployment.Callers());
  }
  if (const ModuleFactory* const module = FindCommand(program, argc, argv)) {
    return RunModuleCommand(program, *module, {argv + 2, argv + argc});
  }
  const absl::StatusOr<Command> command =
      ParseArguments(std::vector<std::string>(argv + 1, argv + argc), can_migrate);
  if (!command.ok()) return Complain(program, command.status(), kUsage);
  if (*command == Command::kHelp) {
    std::fputs(
        HelpText(program.name, program.deployment, can_migrate, CommandsHelp(program)).c_str(),
        stdout);
    return kDone;
  }
  if (*command == Command::kVersion) {
    std::printf("%s %s\n", program.name.c_str(), kVersion);
    return kDone;
  }
  const absl::StatusOr<ProgramConfig> config = ProgramConfig::From(program, SystemEnvironment());
  if (!config.ok()) return Complain(program, config.status(), kUsage);
  switch (*command) {
    case Command::kCheckConfig:
      std::printf("%s: the settings are valid\n", program.name.c_str());
      return kDone;
    case Command::kMigrate:
      return Migrate(program, *config, /*only_check=*/false);
    case Command::kCheckSchema:
      return Migrate(program, *config, /*only_check=*/true);
    default:
      return Serve(program, *config);
  }
}

}  // namespace dramatis
