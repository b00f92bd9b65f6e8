#include "services/persona/card_service.h"

namespace dramatis::persona {

void CardServiceServer::Offer(LocalMethods& local) {
  rpc_.OfferRelay(local, *this, "ImportPersona", &CardServiceServer::ImportPersona);
  rpc_.OfferRelay(local, *this, "ExportPersona", &CardServiceServer::ExportPersona);
}

grpc::ServerUnaryReactor* CardServiceServer::ImportPersona(grpc::CallbackServerContext* context,
                                                           const v1::ImportPersonaRequest* request,
                                                           v1::ImportPersonaResponse* response) {
  return rpc_.Unary("ImportPersona", context, request, response,
                    [this](const CallContext& call, const v1::ImportPersonaRequest& asked) {
                      return cards_.Import(call, asked);
                    });
}

grpc::ServerUnaryReactor* CardServiceServer::ExportPersona(grpc::CallbackServerContext* context,
                                                           const v1::ExportPersonaRequest* request,
                                                           google::api::HttpBody* response) {
  return rpc_.Unary("ExportPersona", context, request, response,
                    [this](const CallContext& call, const v1::ExportPersonaRequest& asked) {
                      return cards_.Export(call, asked);
                    });
}

}  // namespace dramatis::persona
