// A real gRPC server in the test's own process, and calls to it under an identity.
//
//   TestServer server({&service});
//   auto stub = v1::PersonaService::NewStub(server.channel());
//   auto context = TestContext("Bearer local:alice");
//   grpc::Status status = stub->GetPersona(context.get(), request, &response);
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/rpc/grpc_wire.h"
#include "shared/rpc/server.h"

namespace dramatis {

// Serves until it is destroyed; calls still under way are cancelled then. The services outlive it.
class TestServer {
 public:
  explicit TestServer(const std::vector<grpc::Service*>& services);
  // A module's services, whole; or tables that lack lines.
  explicit TestServer(const std::vector<const MethodTable*>& tables,
                      GrpcService::Missing missing = GrpcService::Missing::kDie);
  // In-process.
  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel(); }
  RpcServer& server() { return *server_; }

 private:
  void Start(const std::vector<grpc::Service*>& services);

  std::vector<std::unique_ptr<GrpcService>> services_;
  std::unique_ptr<RpcServer> server_;
};

// A context with this `authorization` (the admin `local` where it is empty) and a deadline that a
// test that hangs runs into.
std::unique_ptr<grpc::ClientContext> TestContext(const std::string& authorization = "");

// Keeps what is logged, for tests to look at. Thread-safe.
class RecordingLogger : public Logger {
 public:
  struct Record {
    LogLevel level;
    std::string message;
    std::map<std::string, std::string> fields;  // numbers and booleans as text
  };
  void Log(LogLevel level,
           const std::string& message,
           std::initializer_list<LogField> fields) override;
  bool Enabled(LogLevel) const override { return true; }
  std::vector<Record> records() const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<Record> records_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
