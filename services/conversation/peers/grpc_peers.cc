#include "services/conversation/peers/grpc_peers.h"

#include <functional>
#include <utility>

#include "shared/methods/local_wire.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/status_conversion.h"

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

// A unary call under way; goes with its callback.
template <class Request, class Response>
struct PendingCall {
  grpc::ClientContext context;
  Request request;
  Response response;
};

// What a turn does while a neighbour is away: it waits, so that turns taken over when everything
// starts again find their neighbours. A caller who waits for the answer is told at once.
enum class WhenAway { kFail, kWait };

// Starts a unary call; the future gets what `convert` makes of the response, or the error.
template <class Result, class Request, class Response, class Start, class Convert>
std::future<absl::StatusOr<Result>> StartCall(const CallContext& call,
                                              absl::Duration timeout,
                                              WhenAway when_away,
                                              Request request,
                                              Start start,
                                              Convert convert) {
  auto pending = std::make_shared<PendingCall<Request, Response>>();
  pending->request = std::move(request);
  PrepareContext(call, timeout, pending->context);
  pending->context.set_wait_for_ready(when_away == WhenAway::kWait);
  auto promise = std::make_shared<std::promise<absl::StatusOr<Result>>>();
  std::future<absl::StatusOr<Result>> future = promise->get_future();
  start(&pending->context, &pending->request, &pending->response,
        [pending, promise, convert](const grpc::Status& status) mutable {
          absl::StatusOr<Result> result = status.ok()
                                              ? absl::StatusOr<Result>(convert(pending->response))
                                              : absl::StatusOr<Result>(FromGrpc(status));
          // Before whoever waits goes on and the channel may end: gRPC's own thread, where this
          // runs, cannot be the one that ends it.
          pending = nullptr;
          promise->set_value(std::move(result));
        });
  return future;
}

// The same within this process.
template <class Result, class Response, class Request, class Convert>
std::future<absl::StatusOr<Result>> StartLocalCall(const Method& method,
                                                   CallContext call,
                                                   absl::Duration timeout,
                                                   Request request,
                                                   Convert convert) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<Result>>>();
  std::future<absl::StatusOr<Result>> future = promise->get_future();
  call.deadline = CallDeadline(call, timeout);
  CallLocally<Response>(method, call, std::move(request),
                        [promise, convert](absl::StatusOr<Response> response) {
                          if (!response.ok()) {
                            return promise->set_value(std::move(response).status());
                          }
                          promise->set_value(convert(*response));
                        });
  return future;
}

RenderedPersona TakePersona(RenderedPersona& response) {
  return std::move(response);
}

Recalled TakeRecalled(memory::v1::RecallResponse& response) {
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

// One answer of inference; deletes itself at the end.
class GenerationReactor : public grpc::ClientReadReactor<inference::v1::StreamGenerateResponse> {
 public:
  // Outlives the reactor as long as somebody may cancel.
  struct Handle : public Generation {
    void Cancel() override { context.TryCancel(); }
    grpc::ClientContext context;
  };

  GenerationReactor(std::shared_ptr<Handle> handle,
                    inference::v1::StreamGenerateRequest request,
                    std::shared_ptr<GenerationListener> listener)
      : handle_(std::move(handle)), request_(std::move(request)), listener_(std::move(listener)) {}

  void Start(inference::v1::InferenceService::Stub& stub) {
    stub.async()->StreamGenerate(&handle_->context, &request_, this);
    StartRead(&response_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;  // OnDone says why
    Tell(*listener_, response_);
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    listener_->OnEnd(status.ok() ? absl::OkStatus() : FromGrpc(status));
    delete this;
  }

 private:
  const std::shared_ptr<Handle> handle_;
  const inference::v1::StreamGenerateRequest request_;
  const std::shared_ptr<GenerationListener> listener_;
  inference::v1::StreamGenerateResponse response_;
};

// The same within this process.
class LocalGeneration : public Generation {
 public:
  explicit LocalGeneration(std::shared_ptr<OngoingCall> call) : call_(std::move(call)) {}
  void Cancel() override { call_->Cancel(); }

 private:
  const std::shared_ptr<OngoingCall> call_;
};

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

}  // namespace

std::future<absl::StatusOr<RenderedPersona>> GrpcPersonaPeer::Render(
    const CallContext& call, const persona::v1::RenderPersonaRequest& request) {
  using Request = persona::v1::RenderPersonaRequest;
  if (const Method* const local = local_.Find("dramatis.persona.v1.PersonaService/RenderPersona")) {
    return StartLocalCall<RenderedPersona, RenderedPersona>(*local, call, kRenderTimeout, request,
                                                            TakePersona);
  }
  return StartCall<RenderedPersona, Request, RenderedPersona>(
      call, kRenderTimeout, request.participant() ? WhenAway::kWait : WhenAway::kFail, request,
      [this](auto* context, const auto* asked, auto* response, auto done) {
        stub_->async()->RenderPersona(context, asked, response, std::move(done));
      },
      TakePersona);
}

absl::StatusOr<persona::v1::ListPersonasResponse> GrpcPersonaPeer::List(
    const CallContext& call, const persona::v1::ListPersonasRequest& request) {
  return CallUnary<persona::v1::ListPersonasResponse>(
      call, kListTimeout, request, [this](auto* context, const auto& asked, auto* response) {
        return stub_->ListPersonas(context, asked, response);
      });
}

absl::Status GrpcPersonaPeer::SetMasks(const CallContext& call,
                                       const persona::v1::SetMasksRequest& request) {
  return CallUnary<google::protobuf::Empty>(
             call, kReleaseTimeout, request,
             [this](auto* context, const auto& asked, auto* response) {
               return stub_->SetMasks(context, asked, response);
             })
      .status();
}

absl::Status GrpcPersonaPeer::Release(const CallContext& call,
                                      const std::string& persona_id,
                                      const std::string& conversation_id) {
  persona::v1::ReleasePersonaRequest request;
  request.set_persona_id(persona_id);
  request.set_conversation_id(conversation_id);
  return CallUnary<google::protobuf::Empty>(
             call, kReleaseTimeout, request,
             [this](auto* context, const auto& asked, auto* response) {
               return stub_->ReleasePersona(context, asked, response);
             })
      .status();
}

std::future<absl::StatusOr<Recalled>> GrpcMemoryPeer::Recall(
    const CallContext& call, const memory::v1::RecallRequest& request) {
  if (const Method* const local = local_.Find("dramatis.memory.v1.MemoryService/Recall")) {
    return StartLocalCall<Recalled, memory::v1::RecallResponse>(*local, call, kRecallTimeout,
                                                                request, TakeRecalled);
  }
  return StartCall<Recalled, memory::v1::RecallRequest, memory::v1::RecallResponse>(
      call, kRecallTimeout, WhenAway::kWait, request,
      [this](auto* context, const auto* asked, auto* response, auto done) {
        stub_->async()->Recall(context, asked, response, std::move(done));
      },
      TakeRecalled);
}

std::shared_ptr<Generation> GrpcInferencePeer::Generate(
    const CallContext& call,
    const inference::v1::StreamGenerateRequest& request,
    std::shared_ptr<GenerationListener> listener) {
  if (const Method* const local =
          local_.Find("dramatis.inference.v1.InferenceService/StreamGenerate")) {
    CallContext within = call;
    within.deadline = CallDeadline(call, kGenerateTimeout);
    return std::make_shared<LocalGeneration>(StreamLocally<inference::v1::StreamGenerateResponse>(
        *local, within, request, std::make_shared<GenerationReader>(std::move(listener))));
  }
  auto handle = std::make_shared<GenerationReactor::Handle>();
  PrepareContext(call, kGenerateTimeout, handle->context);
  auto* const reactor = new GenerationReactor(handle, request, std::move(listener));
  reactor->Start(*stub_);
  return handle;
}

absl::StatusOr<prompt::v1::Usage> GrpcInferencePeer::UsageOf(const CallContext& call,
                                                             const std::string& user_id,
                                                             const std::string& turn_key) {
  inference::v1::GetUsageRequest request;
  request.set_user_id(user_id);
  request.set_turn_key(turn_key);
  absl::StatusOr<inference::v1::GetUsageResponse> found =
      CallUnary<inference::v1::GetUsageResponse>(
          call, kUsageTimeout, request, [this](auto* context, const auto& asked, auto* response) {
            return stub_->GetUsage(context, asked, response);
          });
  if (!found.ok()) return std::move(found).status();
  return std::move(*found->mutable_usage());
}

absl::StatusOr<inference::v1::PackPromptResponse> GrpcInferencePeer::Pack(
    const CallContext& call, const inference::v1::StreamGenerateRequest& request) {
  inference::v1::PackPromptRequest pack;
  *pack.mutable_request() = request;
  return CallUnary<inference::v1::PackPromptResponse>(
      call, kPackTimeout, pack, [this](auto* context, const auto& asked, auto* response) {
        return stub_->PackPrompt(context, asked, response);
      });
}

absl::StatusOr<inference::v1::EmbedResponse> GrpcInferencePeer::Embed(
    const CallContext& call, const inference::v1::EmbedRequest& request) {
  return CallUnary<inference::v1::EmbedResponse>(
      call, kEmbedTimeout, request, [this](auto* context, const auto& asked, auto* response) {
        return stub_->Embed(context, asked, response);
      });
}

absl::StatusOr<inference::v1::ListModelsResponse> GrpcInferencePeer::Models(
    const CallContext& call) {
  return CallUnary<inference::v1::ListModelsResponse>(
      call, kListTimeout, inference::v1::ListModelsRequest(),
      [this](auto* context, const auto& asked, auto* response) {
        return stub_->ListModels(context, asked, response);
      });
}

}  // namespace dramatis::conversation
