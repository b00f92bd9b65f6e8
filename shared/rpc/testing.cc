#include "shared/rpc/testing.h"

#include <chrono>
#include <utility>

#include "gtest/gtest.h"

namespace dramatis {

TestServer::TestServer(std::vector<grpc::Service*> services) {
  absl::StatusOr<std::unique_ptr<RpcServer>> server = RpcServer::Start("", services);
  if (!server.ok()) {
    ADD_FAILURE() << server.status();
    std::abort();
  }
  server_ = *std::move(server);
}

std::unique_ptr<grpc::ClientContext> TestContext(const std::string& authorization) {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!authorization.empty()) context->AddMetadata("authorization", authorization);
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  return context;
}

}  // namespace dramatis
