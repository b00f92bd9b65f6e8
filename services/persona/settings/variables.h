// What the persona service brings to a deployment: where it listens, whom it calls, its settings.
#pragma once

#include "shared/config/deployment.h"

namespace dramatis::persona {

const DeploymentPart& PersonaPart();

}  // namespace dramatis::persona
