// The neighbours over gRPC. Calls carry the turn's user as a service's identity; none of them holds
// a thread while it waits. Thread-safe.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/inference/v1/inference.grpc.pb.h"
#include "dramatis/memory/v1/memory.grpc.pb.h"
#include "dramatis/persona/v1/persona.grpc.pb.h"

#include "grpcpp/grpcpp.h"
#include "services/conversation/peers.h"

namespace dramatis::conversation {

// A channel to a neighbour; asked for with the first call, since there is none before the program
// has started.
using Connect = std::function<std::shared_ptr<grpc::Channel>()>;

// A stub that is made when it is first used.
template <class Service>
class LazyStub {
 public:
  explicit LazyStub(Connect connect) : connect_(std::move(connect)) {}
  typename Service::Stub& operator*() {
    std::call_once(made_, [this] { stub_ = Service::NewStub(connect_()); });
    return *stub_;
  }
  typename Service::Stub* operator->() { return &**this; }

 private:
  const Connect connect_;
  std::once_flag made_;
  std::unique_ptr<typename Service::Stub> stub_;
};

class GrpcPersonaPeer : public PersonaPeer {
 public:
  explicit GrpcPersonaPeer(Connect connect) : stub_(std::move(connect)) {}
  std::future<absl::StatusOr<RenderedPersona>> Render(
      const CallContext& call, const persona::v1::RenderPersonaRequest& request) override;
  absl::Status Release(const CallContext& call,
                       const std::string& persona_id,
                       const std::string& conversation_id) override;

 private:
  LazyStub<persona::v1::PersonaService> stub_;
};

class GrpcMemoryPeer : public MemoryPeer {
 public:
  explicit GrpcMemoryPeer(Connect connect) : stub_(std::move(connect)) {}
  std::future<absl::StatusOr<std::vector<prompt::v1::PromptPart>>> Recall(
      const CallContext& call,
      const std::string& persona_id,
      const std::string& query,
      int budget_bytes) override;

 private:
  LazyStub<memory::v1::MemoryService> stub_;
};

class GrpcInferencePeer : public InferencePeer {
 public:
  explicit GrpcInferencePeer(Connect connect) : stub_(std::move(connect)) {}
  std::shared_ptr<Generation> Generate(const CallContext& call,
                                       const inference::v1::StreamGenerateRequest& request,
                                       std::shared_ptr<GenerationListener> listener) override;

 private:
  LazyStub<inference::v1::InferenceService> stub_;
};

}  // namespace dramatis::conversation
