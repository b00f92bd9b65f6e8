#include "services/deployment/deployment.h"
#include "services/inference/module.h"
#include "shared/identity/http/fetch.h"
#include "shared/program/program.h"

int main(int argc, char** argv) {
  return dramatis::RunProgram(argc, argv,
                              {.name = "dramatis-inference",
                               .deployment = dramatis::AllPrograms(),
                               .modules = {dramatis::inference::InferenceModule()},
                               .frontend = {},
                               .fetch_keys = dramatis::FetchOverHttp});
}
