// PersonaService on gRPC. No rules here: the adapter checks the call, the use cases do the work.
#pragma once

#include "dramatis/persona/v1/persona.grpc.pb.h"

#include "services/persona/personas/personas.h"
#include "services/persona/rendering/rendering.h"
#include "shared/rpc/service_adapter.h"

namespace dramatis::persona {

class PersonaServiceServer : public v1::PersonaService::CallbackService {
 public:
  // References outlive the service.
  PersonaServiceServer(ServiceAdapter& rpc, Personas& personas, Rendering& rendering)
      : rpc_(rpc), personas_(personas), rendering_(rendering) {}

  grpc::ServerUnaryReactor* ListPersonas(grpc::CallbackServerContext* context,
                                         const v1::ListPersonasRequest* request,
                                         v1::ListPersonasResponse* response) override;
  grpc::ServerUnaryReactor* CreatePersona(grpc::CallbackServerContext* context,
                                          const v1::CreatePersonaRequest* request,
                                          v1::Persona* response) override;
  grpc::ServerUnaryReactor* GetPersona(grpc::CallbackServerContext* context,
                                       const v1::GetPersonaRequest* request,
                                       v1::Persona* response) override;
  grpc::ServerUnaryReactor* UpdatePersona(grpc::CallbackServerContext* context,
                                          const v1::UpdatePersonaRequest* request,
                                          v1::Persona* response) override;
  grpc::ServerUnaryReactor* DeletePersona(grpc::CallbackServerContext* context,
                                          const v1::DeletePersonaRequest* request,
                                          google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* GetPersonaPrompt(grpc::CallbackServerContext* context,
                                             const v1::GetPersonaPromptRequest* request,
                                             v1::PersonaPrompt* response) override;
  grpc::ServerUnaryReactor* ComparePersonas(grpc::CallbackServerContext* context,
                                            const v1::ComparePersonasRequest* request,
                                            v1::ComparePersonasResponse* response) override;
  // What others of this process may call without gRPC: other services, and the gateway what clients
  // may.
  void Offer(LocalMethods& local);

  grpc::ServerUnaryReactor* RenderPersona(grpc::CallbackServerContext* context,
                                          const v1::RenderPersonaRequest* request,
                                          v1::RenderPersonaResponse* response) override;
  grpc::ServerUnaryReactor* SetMasks(grpc::CallbackServerContext* context,
                                     const v1::SetMasksRequest* request,
                                     google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* ReleasePersona(grpc::CallbackServerContext* context,
                                           const v1::ReleasePersonaRequest* request,
                                           google::protobuf::Empty* response) override;

 private:
  ServiceAdapter& rpc_;
  Personas& personas_;
  Rendering& rendering_;
};

}  // namespace dramatis::persona
