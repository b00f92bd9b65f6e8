// The neighbours over gRPC, and what every turn asks without it where they are in this process.
// Calls carry the turn's user as a service's identity; none of them holds a thread while it waits.
// Thread-safe.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/inference/v1/inference.grpc.pb.h"
#include "dramatis/memory/v1/memory.grpc.pb.h"
#include "dramatis/persona/v1/persona.grpc.pb.h"

#include "services/conversation/model/peers.h"
#include "shared/methods/local_methods.h"
#include "shared/rpc/neighbour.h"

namespace dramatis::conversation {

class GrpcPersonaPeer : public PersonaPeer {
 public:
  GrpcPersonaPeer(Connect connect, const LocalMethods& local)
      : persona_(std::move(connect), &local) {}
  std::future<absl::StatusOr<RenderedPersona>> Render(
      const CallContext& call, const persona::v1::RenderPersonaRequest& request) override;
  absl::StatusOr<persona::v1::ListPersonasResponse> List(
      const CallContext& call, const persona::v1::ListPersonasRequest& request) override;
  absl::Status SetMasks(const CallContext& call,
                        const persona::v1::SetMasksRequest& request) override;
  absl::Status Release(const CallContext& call,
                       const std::string& persona_id,
                       const std::string& conversation_id) override;

 private:
  Neighbour<persona::v1::PersonaService> persona_;
};

class GrpcMemoryPeer : public MemoryPeer {
 public:
  GrpcMemoryPeer(Connect connect, const LocalMethods& local)
      : memory_(std::move(connect), &local) {}
  std::future<absl::StatusOr<Recalled>> Recall(const CallContext& call,
                                               const memory::v1::RecallRequest& request) override;

 private:
  Neighbour<memory::v1::MemoryService> memory_;
};

class GrpcInferencePeer : public InferencePeer {
 public:
  GrpcInferencePeer(Connect connect, const LocalMethods& local)
      : inference_(std::move(connect), &local) {}
  std::shared_ptr<Generation> Generate(const CallContext& call,
                                       const inference::v1::StreamGenerateRequest& request,
                                       std::shared_ptr<GenerationListener> listener) override;
  absl::StatusOr<prompt::v1::Usage> UsageOf(const CallContext& call,
                                            const std::string& user_id,
                                            const std::string& turn_key) override;
  absl::StatusOr<inference::v1::PackPromptResponse> Pack(
      const CallContext& call, const inference::v1::StreamGenerateRequest& request) override;
  absl::StatusOr<inference::v1::EmbedResponse> Embed(
      const CallContext& call, const inference::v1::EmbedRequest& request) override;
  absl::StatusOr<inference::v1::ListModelsResponse> Models(const CallContext& call) override;

 private:
  Neighbour<inference::v1::InferenceService> inference_;
};

}  // namespace dramatis::conversation
