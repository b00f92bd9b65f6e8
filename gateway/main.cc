// The gateway alone, in front of services elsewhere.
#include "gateway/frontend.h"
#include "shared/identity/http/fetch.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(argc, argv,
                              {.name = "dramatis-gateway",
                               .modules = {},
                               .frontend = dramatis::gateway::ConfigureGateway,
                               .fetch_keys = dramatis::FetchOverHttp,
                               .send_form = dramatis::SendFormOverHttp});
}
