#include "services/deployment/deployment.h"

#include "gateway/settings/variables.h"
#include "services/conversation/settings/variables.h"
#include "services/inference/settings/variables.h"
#include "services/memory/settings/variables.h"
#include "services/persona/settings/variables.h"

namespace dramatis {

const Deployment& AllPrograms() {
  static const auto& deployment =
      *new Deployment({persona::PersonaPart(), conversation::ConversationPart(),
                       memory::MemoryPart(), inference::InferencePart(), gateway::GatewayPart()});
  return deployment;
}

}  // namespace dramatis
