#include "services/conversation/openai_service.h"

#include <functional>
#include <memory>
#include <utility>

#include "services/conversation/openai/answers.h"
#include "services/conversation/openai/asked.h"
#include "services/conversation/service.h"

namespace dramatis::conversation {

void OpenAiServiceServer::Offer(LocalMethods& local) {
  const auto relay = [&](const char* method, auto rpc) {
    rpc_.OfferRelay(local, *this, method, rpc);
  };
  relay("ListModels", &OpenAiServiceServer::ListModels);
  relay("GetModel", &OpenAiServiceServer::GetModel);
  relay("CreateChatCompletion", &OpenAiServiceServer::CreateChatCompletion);
  relay("StreamChatCompletion", &OpenAiServiceServer::StreamChatCompletion);
  relay("CreateResponse", &OpenAiServiceServer::CreateResponse);
  relay("StreamResponse", &OpenAiServiceServer::StreamResponse);
  relay("CreateEmbeddings", &OpenAiServiceServer::CreateEmbeddings);
}

absl::StatusOr<Completion> OpenAiServiceServer::Start(const CallContext& call,
                                                      const absl::StatusOr<Asked>& asked) {
  if (!asked.ok()) return asked.status();
  return Marked(call, completions_.Start(call, *asked));
}

grpc::ServerUnaryReactor* OpenAiServiceServer::ListModels(
    grpc::CallbackServerContext* context,
    const openai::v1::ListModelsRequest* request,
    openai::v1::ListModelsResponse* response) {
  return rpc_.Unary("ListModels", context, request, response,
                    [this](const CallContext& call, const openai::v1::ListModelsRequest&) {
                      return completions_.models().List(call);
                    });
}

grpc::ServerUnaryReactor* OpenAiServiceServer::GetModel(grpc::CallbackServerContext* context,
                                                        const openai::v1::GetModelRequest* request,
                                                        openai::v1::Model* response) {
  return rpc_.Unary("GetModel", context, request, response,
                    [this](const CallContext& call, const openai::v1::GetModelRequest& asked) {
                      return completions_.models().Get(call, asked.model());
                    });
}

grpc::ServerUnaryReactor* OpenAiServiceServer::CreateChatCompletion(
    grpc::CallbackServerContext* context,
    const openai::v1::ChatCompletionRequest* request,
    openai::v1::ChatCompletion* response) {
  return rpc_.Async("CreateChatCompletion", context, request, response,
                    [this](const CallContext& call, const openai::v1::ChatCompletionRequest& asked,
                           std::function<void(absl::StatusOr<openai::v1::ChatCompletion>)> done) {
                      absl::StatusOr<Completion> completion =
                          Start(call, ReadChat(asked, session_headers_));
                      if (!completion.ok()) return done(std::move(completion).status());
                      WhenEnded(completion->turn, background_,
                                [completion = *completion, done = std::move(done)] {
                                  done(ToChatCompletion(completion));
                                });
                    });
}

grpc::ServerWriteReactor<openai::v1::ChatCompletionChunk>*
OpenAiServiceServer::StreamChatCompletion(grpc::CallbackServerContext* context,
                                          const openai::v1::ChatCompletionRequest* request) {
  return rpc_.Stream<openai::v1::ChatCompletionRequest, openai::v1::ChatCompletionChunk>(
      "StreamChatCompletion", context, request,
      [this](const CallContext& call, const openai::v1::ChatCompletionRequest& asked)
          -> absl::StatusOr<std::unique_ptr<EventSource<openai::v1::ChatCompletionChunk>>> {
        absl::StatusOr<Completion> completion = Start(call, ReadChat(asked, session_headers_));
        if (!completion.ok()) return std::move(completion).status();
        return std::make_unique<ChatChunks>(*std::move(completion),
                                            asked.stream_options().include_usage());
      });
}

grpc::ServerUnaryReactor* OpenAiServiceServer::CreateResponse(
    grpc::CallbackServerContext* context,
    const openai::v1::ResponseRequest* request,
    openai::v1::Response* response) {
  return rpc_.Async("CreateResponse", context, request, response,
                    [this](const CallContext& call, const openai::v1::ResponseRequest& asked,
                           std::function<void(absl::StatusOr<openai::v1::Response>)> done) {
                      absl::StatusOr<Completion> completion =
                          Start(call, ReadResponse(asked, session_headers_));
                      if (!completion.ok()) return done(std::move(completion).status());
                      WhenEnded(completion->turn, background_,
                                [completion = *completion, asked, done = std::move(done)] {
                                  done(ToResponse(completion, asked));
                                });
                    });
}

grpc::ServerWriteReactor<openai::v1::ResponseEvent>* OpenAiServiceServer::StreamResponse(
    grpc::CallbackServerContext* context, const openai::v1::ResponseRequest* request) {
  return rpc_.Stream<openai::v1::ResponseRequest, openai::v1::ResponseEvent>(
      "StreamResponse", context, request,
      [this](const CallContext& call, const openai::v1::ResponseRequest& asked)
          -> absl::StatusOr<std::unique_ptr<EventSource<openai::v1::ResponseEvent>>> {
        absl::StatusOr<Completion> completion = Start(call, ReadResponse(asked, session_headers_));
        if (!completion.ok()) return std::move(completion).status();
        return std::make_unique<ResponseEvents>(*std::move(completion), asked);
      });
}

grpc::ServerUnaryReactor* OpenAiServiceServer::CreateEmbeddings(
    grpc::CallbackServerContext* context,
    const openai::v1::EmbeddingRequest* request,
    openai::v1::EmbeddingList* response) {
  return rpc_.Unary("CreateEmbeddings", context, request, response,
                    [this](const CallContext& call, const openai::v1::EmbeddingRequest& asked) {
                      return completions_.embeddings().Create(call, asked);
                    });
}

}  // namespace dramatis::conversation
