// What the memory service brings to a deployment: where it listens, whom it calls, its settings.
#pragma once

#include "shared/config/deployment.h"

namespace dramatis::memory {

const DeploymentPart& MemoryPart();

}  // namespace dramatis::memory
