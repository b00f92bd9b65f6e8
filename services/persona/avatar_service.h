// AvatarService on gRPC. No rules here.
#pragma once

#include "dramatis/persona/v1/avatars.grpc.pb.h"

#include "services/persona/avatars/avatars.h"
#include "shared/call/local_methods.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::persona {

class AvatarServiceServer : public v1::AvatarService::CallbackService {
 public:
  // References outlive the service.
  AvatarServiceServer(ServiceAdapter& rpc, Avatars& avatars) : rpc_(rpc), avatars_(avatars) {}

  // What the gateway of the same process may call without gRPC.
  void Offer(LocalMethods& local);

  grpc::ServerUnaryReactor* GetAvatar(grpc::CallbackServerContext* context,
                                      const v1::GetAvatarRequest* request,
                                      google::api::HttpBody* response) override;
  grpc::ServerUnaryReactor* UpdateAvatar(grpc::CallbackServerContext* context,
                                         const v1::UpdateAvatarRequest* request,
                                         v1::Avatar* response) override;

 private:
  ServiceAdapter& rpc_;
  Avatars& avatars_;
};

}  // namespace dramatis::persona
