#include "services/inference/service.h"

#include <functional>
#include <utility>

namespace dramatis::inference {

grpc::ServerUnaryReactor* InferenceServiceServer::GetStatus(grpc::CallbackServerContext* context,
                                                            const v1::GetStatusRequest* request,
                                                            v1::GetStatusResponse* response) {
  return rpc_.Unary("GetStatus", context, request, response,
                    [this](const CallContext& call, const v1::GetStatusRequest&) {
                      return models_.GetStatus(call.identity);
                    });
}

grpc::ServerUnaryReactor* InferenceServiceServer::ListModels(grpc::CallbackServerContext* context,
                                                             const v1::ListModelsRequest* request,
                                                             v1::ListModelsResponse* response) {
  return rpc_.Unary(
      "ListModels", context, request, response,
      [this](const CallContext&, const v1::ListModelsRequest&) { return models_.List(); });
}

grpc::ServerUnaryReactor* InferenceServiceServer::PackPrompt(grpc::CallbackServerContext* context,
                                                             const v1::PackPromptRequest* request,
                                                             v1::PackPromptResponse* response) {
  return rpc_.Unary("PackPrompt", context, request, response,
                    [this](const CallContext& call, const v1::PackPromptRequest& asked) {
                      return generations_.Pack(call, asked);
                    });
}

grpc::ServerUnaryReactor* InferenceServiceServer::RunTask(grpc::CallbackServerContext* context,
                                                          const v1::RunTaskRequest* request,
                                                          v1::RunTaskResponse* response) {
  return rpc_.Async("RunTask", context, request, response,
                    [this](const CallContext& call, const v1::RunTaskRequest& task,
                           std::function<void(absl::StatusOr<v1::RunTaskResponse>)> done) {
                      tasks_.Run(call, task, std::move(done));
                    });
}

grpc::ServerUnaryReactor* InferenceServiceServer::GetUsage(grpc::CallbackServerContext* context,
                                                           const v1::GetUsageRequest* request,
                                                           v1::GetUsageResponse* response) {
  return rpc_.Unary(
      "GetUsage", context, request, response,
      [this](const CallContext&, const v1::GetUsageRequest& asked) { return usage_.Get(asked); });
}

grpc::ServerUnaryReactor* InferenceServiceServer::ListOwnUsage(
    grpc::CallbackServerContext* context,
    const v1::ListOwnUsageRequest* request,
    v1::ListOwnUsageResponse* response) {
  return rpc_.Unary("ListOwnUsage", context, request, response,
                    [this](const CallContext& call, const v1::ListOwnUsageRequest& asked) {
                      return usage_.ListOwn(call, asked);
                    });
}

grpc::ServerUnaryReactor* InferenceServiceServer::GetBudget(grpc::CallbackServerContext* context,
                                                            const v1::GetBudgetRequest* request,
                                                            v1::Budget* response) {
  return rpc_.Unary("GetBudget", context, request, response,
                    [this](const CallContext&, const v1::GetBudgetRequest& asked) {
                      return budgets_.Find(asked.user_id());
                    });
}

grpc::ServerUnaryReactor* InferenceServiceServer::UpdateBudget(
    grpc::CallbackServerContext* context,
    const v1::UpdateBudgetRequest* request,
    v1::Budget* response) {
  return rpc_.Unary("UpdateBudget", context, request, response,
                    [this](const CallContext& call, const v1::UpdateBudgetRequest& asked) {
                      return budgets_.Update(call, asked);
                    });
}

grpc::ServerUnaryReactor* InferenceServiceServer::Embed(grpc::CallbackServerContext* context,
                                                        const v1::EmbedRequest* request,
                                                        v1::EmbedResponse* response) {
  return rpc_.Async("Embed", context, request, response,
                    [this](const CallContext& call, const v1::EmbedRequest& asked,
                           std::function<void(absl::StatusOr<v1::EmbedResponse>)> done) {
                      embeddings_.Embed(call, asked, std::move(done));
                    });
}

grpc::ServerUnaryReactor* InferenceServiceServer::ListUsage(grpc::CallbackServerContext* context,
                                                            const v1::ListUsageRequest* request,
                                                            v1::ListUsageResponse* response) {
  return rpc_.Unary("ListUsage", context, request, response,
                    [this](const CallContext& call, const v1::ListUsageRequest& request) {
                      return usage_.List(call, request);
                    });
}

grpc::ServerWriteReactor<v1::StreamGenerateResponse>* InferenceServiceServer::StreamGenerate(
    grpc::CallbackServerContext* context, const v1::StreamGenerateRequest* request) {
  return rpc_.Stream<v1::StreamGenerateRequest, v1::StreamGenerateResponse>(
      "StreamGenerate", context, request,
      [this](const CallContext& call, const v1::StreamGenerateRequest& generate) {
        return generations_.Start(call, generate);
      });
}

void InferenceServiceServer::Offer(LocalMethods& local) {
  rpc_.OfferStream<v1::StreamGenerateRequest, v1::StreamGenerateResponse>(
      local, "StreamGenerate",
      [this](const CallContext& call, const v1::StreamGenerateRequest& generate) {
        return generations_.Start(call, generate);
      });
  const auto relay = [&](const char* method, auto rpc) {
    rpc_.OfferRelay(local, *this, method, rpc);
  };
  relay("GetStatus", &InferenceServiceServer::GetStatus);
  relay("ListOwnUsage", &InferenceServiceServer::ListOwnUsage);
  relay("GetBudget", &InferenceServiceServer::GetBudget);
  relay("UpdateBudget", &InferenceServiceServer::UpdateBudget);
  relay("ListUsage", &InferenceServiceServer::ListUsage);
}

}  // namespace dramatis::inference
