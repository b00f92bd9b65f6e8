#include "services/deployment/deployment.h"
#include "services/memory/module.h"
#include "shared/identity/http/fetch.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(argc, argv,
                              {.name = "dramatis-memory",
                               .deployment = dramatis::AllPrograms(),
                               .modules = {dramatis::memory::MemoryModule()},
                               .frontend = {},
                               .fetch_keys = dramatis::FetchOverHttp});
}
