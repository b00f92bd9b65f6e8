#include "services/persona/persona_module.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(argc, argv,
                              {.name = "dramatis-persona",
                               .modules = {dramatis::persona::PersonaModule()},
                               .frontend = {},
                               .default_grpc_port = 50051,
                               .default_management_port = 9091});
}
