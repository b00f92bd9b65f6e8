// OpenAiService over gRPC: one statement per RPC, no rules.
#pragma once

#include "dramatis/openai/v1/openai.grpc.pb.h"

#include "services/conversation/openai/completions.h"
#include "shared/call/local_methods.h"
#include "shared/executor/executor.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::conversation {

inline constexpr char kOpenAiServiceName[] = "dramatis.openai.v1.OpenAiService";

class OpenAiServiceServer : public openai::v1::OpenAiService::CallbackService {
 public:
  // `session_headers`: see ReadChat. Whole answers are finished on `background`. References outlive
  // the service.
  OpenAiServiceServer(Completions& completions,
                      bool session_headers,
                      ServiceAdapter& rpc,
                      Executor& background)
      : completions_(completions),
        session_headers_(session_headers),
        rpc_(rpc),
        background_(background) {}

  // What the gateway of the same process may call without gRPC.
  void Offer(LocalMethods& local);

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const openai::v1::ListModelsRequest* request,
                                       openai::v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const openai::v1::GetModelRequest* request,
                                     openai::v1::Model* response) override;
  grpc::ServerUnaryReactor* CreateChatCompletion(grpc::CallbackServerContext* context,
                                                 const openai::v1::ChatCompletionRequest* request,
                                                 openai::v1::ChatCompletion* response) override;
  grpc::ServerWriteReactor<openai::v1::ChatCompletionChunk>* StreamChatCompletion(
      grpc::CallbackServerContext* context,
      const openai::v1::ChatCompletionRequest* request) override;
  grpc::ServerUnaryReactor* CreateResponse(grpc::CallbackServerContext* context,
                                           const openai::v1::ResponseRequest* request,
                                           openai::v1::Response* response) override;
  grpc::ServerWriteReactor<openai::v1::ResponseEvent>* StreamResponse(
      grpc::CallbackServerContext* context, const openai::v1::ResponseRequest* request) override;
  grpc::ServerUnaryReactor* CreateEmbeddings(grpc::CallbackServerContext* context,
                                             const openai::v1::EmbeddingRequest* request,
                                             openai::v1::EmbeddingList* response) override;

 private:
  // Begins the answer that was asked for, and says where it is a replay.
  absl::StatusOr<Completion> Start(const CallContext& call, const absl::StatusOr<Asked>& asked);

  Completions& completions_;
  const bool session_headers_;
  ServiceAdapter& rpc_;
  Executor& background_;
};

}  // namespace dramatis::conversation
