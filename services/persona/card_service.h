// CardService on gRPC. No rules here.
#pragma once

#include "dramatis/persona/v1/cards.grpc.pb.h"

#include "services/persona/cards/cards.h"
#include "shared/call/local_methods.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::persona {

class CardServiceServer : public v1::CardService::CallbackService {
 public:
  // References outlive the service.
  CardServiceServer(ServiceAdapter& rpc, Cards& cards) : rpc_(rpc), cards_(cards) {}

  // What the gateway of the same process may call without gRPC.
  void Offer(LocalMethods& local);

  grpc::ServerUnaryReactor* ImportPersona(grpc::CallbackServerContext* context,
                                          const v1::ImportPersonaRequest* request,
                                          v1::ImportPersonaResponse* response) override;
  grpc::ServerUnaryReactor* ExportPersona(grpc::CallbackServerContext* context,
                                          const v1::ExportPersonaRequest* request,
                                          google::api::HttpBody* response) override;

 private:
  ServiceAdapter& rpc_;
  Cards& cards_;
};

}  // namespace dramatis::persona
