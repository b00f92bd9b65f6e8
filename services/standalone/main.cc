// dramatis: the four services and the gateway in one process, over in-process channels.
#include "gateway/frontend.h"
#include "services/conversation/module.h"
#include "services/deployment/deployment.h"
#include "services/deployment/key_finder.h"
#include "services/inference/module.h"
#include "services/memory/module.h"
#include "services/persona/module.h"
#include "shared/identity/http/fetch.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(
      argc, argv,
      {.name = "dramatis",
       .deployment = dramatis::AllPrograms(),
       .modules = {dramatis::persona::PersonaModule(), dramatis::inference::InferenceModule(),
                   dramatis::memory::MemoryModule(), dramatis::conversation::ConversationModule()},
       .frontend = dramatis::gateway::ConfigureGateway,
       .fetch_keys = dramatis::FetchOverHttp,
       .send_form = dramatis::SendFormOverHttp,
       .find_keys = dramatis::FindKeysInMemory});
}
