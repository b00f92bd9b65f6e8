#include "services/persona/service.h"

namespace dramatis::persona {

grpc::ServerUnaryReactor* PersonaServiceServer::ListPersonas(grpc::CallbackServerContext* context,
                                                             const v1::ListPersonasRequest* request,
                                                             v1::ListPersonasResponse* response) {
  return rpc_.Unary("ListPersonas", context, request, response,
                    [this](const CallContext& call, const v1::ListPersonasRequest& request) {
                      return personas_.List(call, request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::CreatePersona(
    grpc::CallbackServerContext* context,
    const v1::CreatePersonaRequest* request,
    v1::Persona* response) {
  return rpc_.Unary("CreatePersona", context, request, response,
                    [this](const CallContext& call, const v1::CreatePersonaRequest& request) {
                      return personas_.Create(call, request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::GetPersona(grpc::CallbackServerContext* context,
                                                           const v1::GetPersonaRequest* request,
                                                           v1::Persona* response) {
  return rpc_.Unary("GetPersona", context, request, response,
                    [this](const CallContext& call, const v1::GetPersonaRequest& request) {
                      return personas_.Get(call, request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::UpdatePersona(
    grpc::CallbackServerContext* context,
    const v1::UpdatePersonaRequest* request,
    v1::Persona* response) {
  return rpc_.Unary("UpdatePersona", context, request, response,
                    [this](const CallContext& call, const v1::UpdatePersonaRequest& request) {
                      return personas_.Update(call, request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::DeletePersona(
    grpc::CallbackServerContext* context,
    const v1::DeletePersonaRequest* request,
    google::protobuf::Empty* response) {
  return rpc_.Unary("DeletePersona", context, request, response,
                    [this](const CallContext& call, const v1::DeletePersonaRequest& request) {
                      return personas_.Delete(call, request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::GetPersonaPrompt(
    grpc::CallbackServerContext* context,
    const v1::GetPersonaPromptRequest* request,
    v1::PersonaPrompt* response) {
  return rpc_.Unary("GetPersonaPrompt", context, request, response,
                    [this](const CallContext& call, const v1::GetPersonaPromptRequest& request) {
                      return rendering_.GetPrompt(call, request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::ComparePersonas(
    grpc::CallbackServerContext* context,
    const v1::ComparePersonasRequest* request,
    v1::ComparePersonasResponse* response) {
  return rpc_.Unary("ComparePersonas", context, request, response,
                    [this](const CallContext& call, const v1::ComparePersonasRequest& request) {
                      return personas_.Compare(call, request);
                    });
}

void PersonaServiceServer::Offer(LocalMethods& local) {
  rpc_.OfferUnary<v1::RenderPersonaRequest, v1::RenderPersonaResponse>(
      local, "RenderPersona",
      [this](const CallContext& /*call*/, const v1::RenderPersonaRequest& request) {
        return rendering_.Render(request);
      });
  const auto relay = [&](const char* method, auto rpc) {
    rpc_.OfferRelay(local, *this, method, rpc);
  };
  relay("ListPersonas", &PersonaServiceServer::ListPersonas);
  relay("CreatePersona", &PersonaServiceServer::CreatePersona);
  relay("GetPersona", &PersonaServiceServer::GetPersona);
  relay("UpdatePersona", &PersonaServiceServer::UpdatePersona);
  relay("DeletePersona", &PersonaServiceServer::DeletePersona);
  relay("GetPersonaPrompt", &PersonaServiceServer::GetPersonaPrompt);
  relay("ComparePersonas", &PersonaServiceServer::ComparePersonas);
}

grpc::ServerUnaryReactor* PersonaServiceServer::RenderPersona(
    grpc::CallbackServerContext* context,
    const v1::RenderPersonaRequest* request,
    v1::RenderPersonaResponse* response) {
  return rpc_.Unary("RenderPersona", context, request, response,
                    [this](const CallContext& /*call*/, const v1::RenderPersonaRequest& request) {
                      return rendering_.Render(request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::SetMasks(grpc::CallbackServerContext* context,
                                                         const v1::SetMasksRequest* request,
                                                         google::protobuf::Empty* response) {
  return rpc_.Unary("SetMasks", context, request, response,
                    [this](const CallContext& /*call*/, const v1::SetMasksRequest& request) {
                      return rendering_.SetMasks(request);
                    });
}

grpc::ServerUnaryReactor* PersonaServiceServer::ReleasePersona(
    grpc::CallbackServerContext* context,
    const v1::ReleasePersonaRequest* request,
    google::protobuf::Empty* response) {
  return rpc_.Unary("ReleasePersona", context, request, response,
                    [this](const CallContext& /*call*/, const v1::ReleasePersonaRequest& request) {
                      return rendering_.Release(request);
                    });
}

}  // namespace dramatis::persona
