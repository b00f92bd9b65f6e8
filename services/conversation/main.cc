// The program dramatis-conversation.
#include "services/conversation/module.h"
#include "services/deployment/deployment.h"
#include "shared/identity/http/fetch.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(argc, argv,
                              {.name = "dramatis-conversation",
                               .deployment = dramatis::AllPrograms(),
                               .modules = {dramatis::conversation::ConversationModule()},
                               .frontend = {},
                               .fetch_keys = dramatis::FetchOverHttp});
}
