// InferenceService on gRPC. No rules here: the adapter checks the call, the use cases do the work.
#pragma once

#include "dramatis/inference/v1/inference.grpc.pb.h"

#include "services/inference/embedding/embeddings.h"
#include "services/inference/generation/generations.h"
#include "services/inference/generation/tasks.h"
#include "services/inference/routing/models.h"
#include "services/inference/usage/budgets.h"
#include "services/inference/usage/usage.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::inference {

class InferenceServiceServer : public v1::InferenceService::CallbackService {
 public:
  // References outlive the service.
  InferenceServiceServer(ServiceAdapter& rpc,
                         const Generations& generations,
                         Tasks& tasks,
                         const Models& models,
                         Usage& usage,
                         const Budgets& budgets,
                         Embeddings& embeddings)
      : rpc_(rpc),
        generations_(generations),
        tasks_(tasks),
        models_(models),
        usage_(usage),
        budgets_(budgets),
        embeddings_(embeddings) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* PackPrompt(grpc::CallbackServerContext* context,
                                       const v1::PackPromptRequest* request,
                                       v1::PackPromptResponse* response) override;
  grpc::ServerUnaryReactor* RunTask(grpc::CallbackServerContext* context,
                                    const v1::RunTaskRequest* request,
                                    v1::RunTaskResponse* response) override;
  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const v1::ListModelsRequest* request,
                                       v1::ListModelsResponse* response) override;
  grpc::ServerUnaryReactor* GetUsage(grpc::CallbackServerContext* context,
                                     const v1::GetUsageRequest* request,
                                     v1::GetUsageResponse* response) override;
  grpc::ServerUnaryReactor* ListOwnUsage(grpc::CallbackServerContext* context,
                                         const v1::ListOwnUsageRequest* request,
                                         v1::ListOwnUsageResponse* response) override;
  grpc::ServerUnaryReactor* GetBudget(grpc::CallbackServerContext* context,
                                      const v1::GetBudgetRequest* request,
                                      v1::Budget* response) override;
  grpc::ServerUnaryReactor* UpdateBudget(grpc::CallbackServerContext* context,
                                         const v1::UpdateBudgetRequest* request,
                                         v1::Budget* response) override;
  grpc::ServerUnaryReactor* Embed(grpc::CallbackServerContext* context,
                                  const v1::EmbedRequest* request,
                                  v1::EmbedResponse* response) override;
  grpc::ServerUnaryReactor* ListUsage(grpc::CallbackServerContext* context,
                                      const v1::ListUsageRequest* request,
                                      v1::ListUsageResponse* response) override;
  // What others of this process may call without gRPC: other services, and the gateway what clients
  // may.
  void Offer(LocalMethods& local);

  grpc::ServerWriteReactor<v1::StreamGenerateResponse>* StreamGenerate(
      grpc::CallbackServerContext* context, const v1::StreamGenerateRequest* request) override;

 private:
  ServiceAdapter& rpc_;
  const Generations& generations_;
  Tasks& tasks_;
  const Models& models_;
  Usage& usage_;
  const Budgets& budgets_;
  Embeddings& embeddings_;
};

}  // namespace dramatis::inference
