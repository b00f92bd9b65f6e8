#include "services/persona/lore_service.h"

namespace dramatis::persona {

void LoreServiceServer::Offer(LocalMethods& local) {
  rpc_.OfferRelay(local, *this, "GetLore", &LoreServiceServer::GetLore);
  rpc_.OfferRelay(local, *this, "UpdateLore", &LoreServiceServer::UpdateLore);
}

grpc::ServerUnaryReactor* LoreServiceServer::GetLore(grpc::CallbackServerContext* context,
                                                     const v1::GetLoreRequest* request,
                                                     v1::Lore* response) {
  return rpc_.Unary("GetLore", context, request, response,
                    [this](const CallContext& call, const v1::GetLoreRequest& asked) {
                      return lores_.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* LoreServiceServer::UpdateLore(grpc::CallbackServerContext* context,
                                                        const v1::UpdateLoreRequest* request,
                                                        v1::Lore* response) {
  return rpc_.Unary("UpdateLore", context, request, response,
                    [this](const CallContext& call, const v1::UpdateLoreRequest& asked) {
                      return lores_.Update(call, asked);
                    });
}

}  // namespace dramatis::persona
