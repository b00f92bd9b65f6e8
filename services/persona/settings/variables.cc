#include "services/persona/settings/variables.h"

#include "shared/objects/variable.h"

namespace dramatis::persona {

const DeploymentPart& PersonaPart() {
  static const auto& part = *new DeploymentPart{
      .name = "persona",
      .ports = {.grpc = 50051, .management = 9091},
      .calls = {},
      .variables = {
          objects::ObjectsVariable(),
          {"DRAMATIS_DEFAULT_PERSONA", "the sample me.txt",
           "the persona of chats that name none: file:..., s3://bucket/key or a persona id"},
          {"DRAMATIS_RESTRICT_AI_PERSONAS", "false", "only admins may make AI personas"},
          {"DRAMATIS_PERSONA_MAX_BYTES", "",
           "goes with the next release: bytes of a biography that reach a prompt"},
      }};
  return part;
}

}  // namespace dramatis::persona
