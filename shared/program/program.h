// The main of every program: arguments, settings, logs, databases, server, management port,
// signals, drain.
//
//   // services/persona/main.cc
//   int main(int argc, char** argv) {
//     return dramatis::RunProgram(argc, argv,
//                                 {.name = "dramatis-persona",
//                                  .deployment = dramatis::AllPrograms(),
//                                  .modules = {dramatis::persona::PersonaModule()},
//                                  .frontend = {}});
//   }
//
// Commands of a program: none (serve), `migrate`, `migrate --check`, `--help`, `--version`,
// `--check-config`. Exit codes: 0 done, 1 failed, 2 wrong usage or settings.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/config/deployment.h"
#include "shared/identity/key_authenticator.h"
#include "shared/identity/oidc_client.h"
#include "shared/identity/oidc_settings.h"
#include "shared/rpc/module.h"

namespace dramatis {

// Something a program runs beside its gRPC modules: the gateway.
class Frontend {
 public:
  virtual ~Frontend() = default;
  // Listens. The address, with the port that was picked where it was 0.
  virtual absl::StatusOr<std::string> Start() = 0;
  // Ends idle connections, waits for requests under way until `deadline`.
  virtual void Drain(absl::Time deadline) = 0;
  // Whether it can serve (its neighbours answer); for /readyz.
  virtual bool Ready() = 0;
  // Whether its address is one of HTTPS.
  virtual bool SpeaksTls() const { return false; }
  // Whether it has files that are to be looked at again, every now and then, by RefreshFiles. The
  // error is that of a file which cannot be used: what was there before stays in use.
  virtual bool WatchesFiles() const { return false; }
  virtual absl::Status RefreshFiles() { return absl::OkStatus(); }
};

// A channel to a part of the deployment by its name.
using ConnectTo = std::function<std::shared_ptr<grpc::Channel>(const std::string& name)>;

struct FrontendContext {
  const Clock& clock;
  IdSource& ids;
  Logger& logger;
  Metrics& metrics;
  const CommonConfig& config;
  ConnectTo channel;
  // What services of this process offer without gRPC.
  const LocalMethods& local;
  // The issuer whose users come, and how it is asked.
  const OidcSettings& oidc;
  const FetchUrl& fetch;
  const SendForm& send_form;
};

// Finds out whose an API key is. Its end waits for what is under way.
class ApiKeyFinder {
 public:
  virtual ~ApiKeyFinder() = default;
  virtual FindApiKey Find() = 0;
};

struct Program {
  std::string name;                    // "dramatis-persona"
  Deployment deployment;               // all programs, this one among them
  std::vector<ModuleFactory> modules;  // those that are called before their callers
  // Set for programs with a gateway: reads its settings, returns how to make it.
  std::function<std::function<absl::StatusOr<std::unique_ptr<Frontend>>(const FrontendContext&)>(
      Settings& settings, const CommonConfig& common)>
      frontend;
  // How the keys of an OpenID Connect issuer are fetched.
  FetchUrl fetch_keys = nullptr;
  // How a gateway exchanges codes for tokens there.
  SendForm send_form = nullptr;
  // How a gateway, where API keys come in, makes what knows whose they are. The arguments outlive
  // it.
  std::function<std::unique_ptr<ApiKeyFinder>(
      const LocalMethods& local, const ConnectTo& connect, IdSource& ids)>
      find_keys = nullptr;
};

int RunProgram(int argc, char** argv, const Program& program);

}  // namespace dramatis
