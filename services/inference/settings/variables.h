// What the inference service brings to a deployment: where it listens, whom it calls, its settings.
#pragma once

#include "shared/config/deployment.h"

namespace dramatis::inference {

const DeploymentPart& InferencePart();

}  // namespace dramatis::inference
