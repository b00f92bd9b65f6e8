#include "services/conversation/peers/grpc_peers.h"

#include <utility>

#include "shared/status/macros.h"

namespace dramatis::conversation {
namespace {

constexpr absl::Duration kRenderTimeout = absl::Seconds(5);
constexpr absl::Duration kListTimeout = absl::Seconds(5);
constexpr absl::Duration kReleaseTimeout = absl::Seconds(3);
constexpr absl::Duration kPackTimeout = absl::Seconds(5);
constexpr absl::Duration kRecallTimeout = absl::Seconds(5);
// Of a whole answer: its provider's own time-outs come long before.
constexpr absl::Duration kEmbedTimeout = absl::Minutes(1);
constexpr absl::Duration kUsageTimeout = absl::Seconds(3);
constexpr absl::Duration kGenerateTimeout = absl::Minutes(15);

Recalled RecalledIn(const memory::v1::RecallResponse& response) {
  return {.parts = {response.parts().begin(), response.parts().end()},
          .display_name = response.display_name()};
}

void Tell(GenerationListener& listener, const inference::v1::StreamGenerateResponse& event) {
  switch (event.event_case()) {
    case inference::v1::StreamGenerateResponse::kStart:
      listener.OnStart(event.start());
      break;
    case inference::v1::StreamGenerateResponse::kDelta:
      listener.OnDelta(event.delta().text());
      break;
    case inference::v1::StreamGenerateResponse::kDone:
      listener.OnDone(event.done());
      break;
    case inference::v1::StreamGenerateResponse::EVENT_NOT_SET:
      break;
  }
}

// An answer of inference, as the one who asked for it listens.
class GenerationReader : public LocalReader<inference::v1::StreamGenerateResponse> {
 public:
  explicit GenerationReader(std::shared_ptr<GenerationListener> listener)
      : listener_(std::move(listener)) {}
  bool OnEvent(inference::v1::StreamGenerateResponse event) override {
    Tell(*listener_, event);
    return true;
  }
  void OnEnd(const absl::Status& status) override { listener_->OnEnd(status); }

 private:
  const std::shared_ptr<GenerationListener> listener_;
};

class NeighboursGeneration : public Generation {
 public:
  explicit NeighboursGeneration(std::shared_ptr<OngoingCall> call) : call_(std::move(call)) {}
  void Cancel() override { call_->Cancel(); }

 private:
  const std::shared_ptr<OngoingCall> call_;
};

}  // namespace

std::future<absl::StatusOr<RenderedPersona>> GrpcPersonaPeer::Render(
    const CallContext& call, const persona::v1::RenderPersonaRequest& request) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<RenderedPersona>>>();
  std::future<absl::StatusOr<RenderedPersona>> future = promise->get_future();
  // A turn waits for its neighbours, so that turns taken over when everything starts again find
  // them. A caller who waits for the answer is told at once.
  persona_.Start(
      "RenderPersona", &Neighbour<persona::v1::PersonaService>::Async::RenderPersona, call,
      kRenderTimeout, request,
      [promise](absl::StatusOr<RenderedPersona> response) {
        promise->set_value(std::move(response));
      },
      request.participant() ? WhenAway::kWait : WhenAway::kFail);
  return future;
}

absl::StatusOr<persona::v1::ListPersonasResponse> GrpcPersonaPeer::List(
    const CallContext& call, const persona::v1::ListPersonasRequest& request) {
  return persona_.Call(&persona::v1::PersonaService::Stub::ListPersonas, call, kListTimeout,
                       request);
}

absl::Status GrpcPersonaPeer::SetMasks(const CallContext& call,
                                       const persona::v1::SetMasksRequest& request) {
  return persona_.Call(&persona::v1::PersonaService::Stub::SetMasks, call, kReleaseTimeout, request)
      .status();
}

absl::Status GrpcPersonaPeer::Release(const CallContext& call,
                                      const std::string& persona_id,
                                      const std::string& conversation_id) {
  persona::v1::ReleasePersonaRequest request;
  request.set_persona_id(persona_id);
  request.set_conversation_id(conversation_id);
  return persona_
      .Call(&persona::v1::PersonaService::Stub::ReleasePersona, call, kReleaseTimeout, request)
      .status();
}

std::future<absl::StatusOr<Recalled>> GrpcMemoryPeer::Recall(
    const CallContext& call, const memory::v1::RecallRequest& request) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Recalled>>>();
  std::future<absl::StatusOr<Recalled>> future = promise->get_future();
  memory_.Start(
      "Recall", &Neighbour<memory::v1::MemoryService>::Async::Recall, call, kRecallTimeout, request,
      [promise](const absl::StatusOr<memory::v1::RecallResponse>& response) {
        if (!response.ok()) return promise->set_value(response.status());
        promise->set_value(RecalledIn(*response));
      },
      WhenAway::kWait);
  return future;
}

std::shared_ptr<Generation> GrpcInferencePeer::Generate(
    const CallContext& call,
    const inference::v1::StreamGenerateRequest& request,
    std::shared_ptr<GenerationListener> listener) {
  return std::make_shared<NeighboursGeneration>(inference_.Stream(
      "StreamGenerate", &Neighbour<inference::v1::InferenceService>::Async::StreamGenerate, call,
      kGenerateTimeout, request, std::make_shared<GenerationReader>(std::move(listener))));
}

absl::StatusOr<prompt::v1::Usage> GrpcInferencePeer::UsageOf(const CallContext& call,
                                                             const std::string& user_id,
                                                             const std::string& turn_key) {
  inference::v1::GetUsageRequest request;
  request.set_user_id(user_id);
  request.set_turn_key(turn_key);
  DRAMATIS_ASSIGN_OR_RETURN(inference::v1::GetUsageResponse found,
                            inference_.Call(&inference::v1::InferenceService::Stub::GetUsage, call,
                                            kUsageTimeout, request));
  return std::move(*found.mutable_usage());
}

absl::StatusOr<inference::v1::PackPromptResponse> GrpcInferencePeer::Pack(
    const CallContext& call, const inference::v1::StreamGenerateRequest& request) {
  inference::v1::PackPromptRequest pack;
  *pack.mutable_request() = request;
  return inference_.Call(&inference::v1::InferenceService::Stub::PackPrompt, call, kPackTimeout,
                         pack);
}

absl::StatusOr<inference::v1::EmbedResponse> GrpcInferencePeer::Embed(
    const CallContext& call, const inference::v1::EmbedRequest& request) {
  return inference_.Call(&inference::v1::InferenceService::Stub::Embed, call, kEmbedTimeout,
                         request);
}

absl::StatusOr<inference::v1::ListModelsResponse> GrpcInferencePeer::Models(
    const CallContext& call) {
  return inference_.Call(&inference::v1::InferenceService::Stub::ListModels, call, kListTimeout,
                         inference::v1::ListModelsRequest());
}

}  // namespace dramatis::conversation
