#include "services/conversation/settings/variables.h"

#include "shared/objects/variable.h"

namespace dramatis::conversation {

const DeploymentPart& ConversationPart() {
  static const auto& part = *new DeploymentPart{
      .name = "conversation",
      .ports = {.grpc = 50052, .management = 9092},
      .calls = {"persona", "memory", "inference"},
      .variables = {
          objects::ObjectsVariable(),
          {"DRAMATIS_TRANSCRIPTS", "off",
           "where transcripts of sessions are put, s3://bucket/prefix, or file: and a folder"},
          {"DRAMATIS_RETENTION", "off",
           "how long after its end a session's messages stay in the database, as 30d; then they "
           "are read from its transcript, or, without DRAMATIS_TRANSCRIPTS, deleted with the "
           "session"},
          {"DRAMATIS_TRANSCRIPT_RETENTION", "off",
           "how long after its end a session and its transcript are kept at all"},
          {"DRAMATIS_TURN_LEASE", "15s", "after how long a silent turn is taken over"},
          {"DRAMATIS_RESPONSE_DELAY", "true",
           "whether AI participants of conversations wait a while before they answer"},
          {"DRAMATIS_OPENAI_SESSION_HEADERS", "false",
           "whether X-OpenWebUI-Chat-Id names a session on /v1"},
          {"DRAMATIS_TITLE_MODEL", "off: the first words",
           "the model that gives sessions their titles, as provider/model"},
      }};
  return part;
}

}  // namespace dramatis::conversation
