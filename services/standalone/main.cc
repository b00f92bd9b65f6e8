// dramatis: the four services and the gateway in one process, over in-process channels.
#include "gateway/gateway_frontend.h"
#include "services/conversation/conversation_module.h"
#include "services/inference/inference_module.h"
#include "services/memory/memory_module.h"
#include "services/persona/persona_module.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(
      argc, argv,
      {.name = "dramatis",
       .modules = {dramatis::persona::PersonaModule(), dramatis::inference::InferenceModule(),
                   dramatis::memory::MemoryModule(), dramatis::conversation::ConversationModule()},
       .frontend = dramatis::gateway::ConfigureGateway});
}
