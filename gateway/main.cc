// The gateway alone, in front of services elsewhere.
#include "gateway/frontend.h"
#include "services/deployment/deployment.h"
#include "services/deployment/key_finder.h"
#include "shared/identity/http/fetch.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(argc, argv,
                              {.name = "dramatis-gateway",
                               .deployment = dramatis::AllPrograms(),
                               .modules = {},
                               .frontend = dramatis::gateway::ConfigureGateway,
                               .fetch_keys = dramatis::FetchOverHttp,
                               .send_form = dramatis::SendFormOverHttp,
                               .find_keys = dramatis::FindKeysInMemory});
}
