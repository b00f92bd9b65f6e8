// The RPCs of keys of MemoryService.
#include "services/memory/service.h"

namespace dramatis::memory {

grpc::ServerUnaryReactor* MemoryServiceServer::ListKeys(grpc::CallbackServerContext* context,
                                                        const v1::ListKeysRequest* request,
                                                        v1::ListKeysResponse* response) {
  return rpc_.Unary("ListKeys", context, request, response,
                    [this](const CallContext& call, const v1::ListKeysRequest& r) {
                      return keys_.List(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::CreateKey(grpc::CallbackServerContext* context,
                                                         const v1::CreateKeyRequest* request,
                                                         v1::Key* response) {
  return rpc_.Unary("CreateKey", context, request, response,
                    [this](const CallContext& call, const v1::CreateKeyRequest& r) {
                      return keys_.Create(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::GetKey(grpc::CallbackServerContext* context,
                                                      const v1::GetKeyRequest* request,
                                                      v1::Key* response) {
  return rpc_.Unary(
      "GetKey", context, request, response,
      [this](const CallContext& call, const v1::GetKeyRequest& r) { return keys_.Get(call, r); });
}

grpc::ServerUnaryReactor* MemoryServiceServer::UpdateKey(grpc::CallbackServerContext* context,
                                                         const v1::UpdateKeyRequest* request,
                                                         v1::Key* response) {
  return rpc_.Unary("UpdateKey", context, request, response,
                    [this](const CallContext& call, const v1::UpdateKeyRequest& r) {
                      return keys_.Update(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::DeleteKey(grpc::CallbackServerContext* context,
                                                         const v1::DeleteKeyRequest* request,
                                                         google::protobuf::Empty* response) {
  return rpc_.Unary("DeleteKey", context, request, response,
                    [this](const CallContext& call, const v1::DeleteKeyRequest& r) {
                      return keys_.Delete(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::RotateKey(grpc::CallbackServerContext* context,
                                                         const v1::RotateKeyRequest* request,
                                                         v1::Key* response) {
  return rpc_.Unary("RotateKey", context, request, response,
                    [this](const CallContext& call, const v1::RotateKeyRequest& r) {
                      return keys_.Rotate(call, r);
                    });
}

grpc::ServerUnaryReactor* MemoryServiceServer::LookUpKey(grpc::CallbackServerContext* context,
                                                         const v1::LookUpKeyRequest* request,
                                                         v1::LookUpKeyResponse* response) {
  return rpc_.Unary(
      "LookUpKey", context, request, response,
      [this](const CallContext&, const v1::LookUpKeyRequest& r) { return keys_.LookUp(r); });
}

}  // namespace dramatis::memory
