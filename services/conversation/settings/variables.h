// What the conversation service brings to a deployment: where it listens, whom it calls, its
// settings.
#pragma once

#include "shared/config/deployment.h"

namespace dramatis::conversation {

const DeploymentPart& ConversationPart();

}  // namespace dramatis::conversation
