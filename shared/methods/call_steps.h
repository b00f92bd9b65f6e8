// What every call goes through before its handler, in this order, whichever wire it came by. A new
// step on every call is a function and its line in call_steps.cc.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace dramatis {

class ServerCall;

struct CallStep {
  std::string_view name;
  // An error is the call's answer. nullopt: it takes a while; ServerCall::Continue goes on with the
  // next step, on another thread, perhaps before this returns.
  std::optional<absl::Status> (*take)(ServerCall& call);
};

std::span<const CallStep> CallSteps();

}  // namespace dramatis
