// What the gateway brings to a deployment: where it listens, its settings.
#pragma once

#include "shared/config/deployment.h"

namespace dramatis::gateway {

// Unless DRAMATIS_HTTP_ADDRESS says otherwise.
inline constexpr int kHttpPort = 8080;

const DeploymentPart& GatewayPart();

}  // namespace dramatis::gateway
