// The gateway as a part of a program.
//
//   dramatis::Program{.name = "dramatis-gateway", .frontend = dramatis::gateway::ConfigureGateway}
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "gateway/calls/config.h"
#include "shared/config/environment.h"
#include "shared/program/program.h"

namespace dramatis::gateway {

// Reads the gateway's settings, noting problems, and returns how to make it.
std::function<absl::StatusOr<std::unique_ptr<Frontend>>(const FrontendContext&)> ConfigureGateway(
    Settings& settings, const CommonConfig& common);

// The gateway over the services that are linked in. INTERNAL if their descriptors are not sound.
absl::StatusOr<std::unique_ptr<Frontend>> MakeGateway(const GatewayConfig& config,
                                                      const FrontendContext& context);

}  // namespace dramatis::gateway
