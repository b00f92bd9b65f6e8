// LoreService on gRPC. No rules here.
#pragma once

#include "dramatis/persona/v1/lore.grpc.pb.h"

#include "services/persona/lore/lores.h"
#include "shared/call/local_methods.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::persona {

class LoreServiceServer : public v1::LoreService::CallbackService {
 public:
  // References outlive the service.
  LoreServiceServer(ServiceAdapter& rpc, Lores& lores) : rpc_(rpc), lores_(lores) {}

  // What the gateway of the same process may call without gRPC.
  void Offer(LocalMethods& local);

  grpc::ServerUnaryReactor* GetLore(grpc::CallbackServerContext* context,
                                    const v1::GetLoreRequest* request,
                                    v1::Lore* response) override;
  grpc::ServerUnaryReactor* UpdateLore(grpc::CallbackServerContext* context,
                                       const v1::UpdateLoreRequest* request,
                                       v1::Lore* response) override;

 private:
  ServiceAdapter& rpc_;
  Lores& lores_;
};

}  // namespace dramatis::persona
