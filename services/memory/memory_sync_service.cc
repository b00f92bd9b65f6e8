// The RPCs of MemoryService that take something from conversations. Those that wait for a model run
// on threads of their own, so that a recall, which a turn waits for, never waits behind them.
#include "services/memory/service.h"

namespace dramatis::memory {

grpc::ServerUnaryReactor* MemoryServiceServer::Observe(grpc::CallbackServerContext* context,
                                                       const v1::ObserveRequest* request,
                                                       v1::ObserveResponse* response) {
  return remembering_.patient_rpc.Unary(
      "Observe", context, request, response,
      [this](const CallContext& call, const v1::ObserveRequest& r) {
        return remembering_.observations.Observe(call, r);
      });
}

grpc::ServerUnaryReactor* MemoryServiceServer::Summarize(grpc::CallbackServerContext* context,
                                                         const v1::SummarizeRequest* request,
                                                         v1::SummarizeResponse* response) {
  return remembering_.patient_rpc.Unary(
      "Summarize", context, request, response,
      [this](const CallContext& call, const v1::SummarizeRequest& r) {
        return remembering_.summaries.Summarize(call, r);
      });
}

grpc::ServerUnaryReactor* MemoryServiceServer::ForgetMessages(
    grpc::CallbackServerContext* context,
    const v1::ForgetMessagesRequest* request,
    v1::ForgetMessagesResponse* response) {
  return rpc_.Unary("ForgetMessages", context, request, response,
                    [this](const CallContext& call, const v1::ForgetMessagesRequest& r) {
                      return remembering_.observations.Forget(call, r);
                    });
}

}  // namespace dramatis::memory
