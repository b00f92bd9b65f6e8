// A real gRPC server in the test's own process, and calls to it under an identity.
//
//   TestServer server({&service});
//   auto stub = v1::PersonaService::NewStub(server.channel());
//   auto context = TestContext("Bearer local:alice");
//   grpc::Status status = stub->GetPersona(context.get(), request, &response);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "shared/rpc/server.h"

namespace dramatis {

// Serves until it is destroyed; calls still under way are cancelled then. The services outlive it.
class TestServer {
 public:
  explicit TestServer(std::vector<grpc::Service*> services);
  // In-process.
  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel(); }
  RpcServer& server() { return *server_; }

 private:
  std::unique_ptr<RpcServer> server_;
};

// A context with this `authorization` (the admin `local` where it is empty) and a deadline that a
// test that hangs runs into.
std::unique_ptr<grpc::ClientContext> TestContext(const std::string& authorization = "");

}  // namespace dramatis
