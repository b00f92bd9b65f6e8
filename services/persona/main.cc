#include "services/deployment/deployment.h"
#include "services/persona/module.h"
#include "shared/identity/http/fetch.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(argc, argv,
                              {.name = "dramatis-persona",
                               .deployment = dramatis::AllPrograms(),
                               .modules = {dramatis::persona::PersonaModule()},
                               .frontend = {},
                               .fetch_keys = dramatis::FetchOverHttp});
}
