#include "services/memory/settings/variables.h"

namespace dramatis::memory {

const DeploymentPart& MemoryPart() {
  static const auto& part = *new DeploymentPart{
      .name = "memory",
      .ports = {.grpc = 50053, .management = 9093},
      .calls = {"inference"},
      .variables = {
          {"DRAMATIS_MEMORY_QUOTA", "10000", "the most memories of a user"},
          {"DRAMATIS_MEMORY_EXTRACTION", "true", "take memories from what users say"},
          {"DRAMATIS_MEMORY_SUMMARIES", "true",
           "sum up conversations that outgrow a model's window"},
          {"DRAMATIS_MEMORY_MODEL", "the default model", "the model for both, as provider/model"},
      }};
  return part;
}

}  // namespace dramatis::memory
