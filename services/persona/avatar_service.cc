#include "services/persona/avatar_service.h"

namespace dramatis::persona {

void AvatarServiceServer::Offer(LocalMethods& local) {
  rpc_.OfferRelay(local, *this, "GetAvatar", &AvatarServiceServer::GetAvatar);
  rpc_.OfferRelay(local, *this, "UpdateAvatar", &AvatarServiceServer::UpdateAvatar);
}

grpc::ServerUnaryReactor* AvatarServiceServer::GetAvatar(grpc::CallbackServerContext* context,
                                                         const v1::GetAvatarRequest* request,
                                                         google::api::HttpBody* response) {
  return rpc_.Unary("GetAvatar", context, request, response,
                    [this](const CallContext& call, const v1::GetAvatarRequest& asked) {
                      return avatars_.Get(call, asked);
                    });
}

grpc::ServerUnaryReactor* AvatarServiceServer::UpdateAvatar(grpc::CallbackServerContext* context,
                                                            const v1::UpdateAvatarRequest* request,
                                                            v1::Avatar* response) {
  return rpc_.Unary("UpdateAvatar", context, request, response,
                    [this](const CallContext& call, const v1::UpdateAvatarRequest& asked) {
                      return avatars_.Update(call, asked);
                    });
}

}  // namespace dramatis::persona
