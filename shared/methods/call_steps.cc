#include "shared/methods/call_steps.h"

#include <array>

#include "shared/call/access.h"
#include "shared/methods/server_call.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using Outcome = std::optional<absl::Status>;

// Finds out who calls; where the issuer's keys have to be fetched first, this takes a while.
Outcome Authenticate(ServerCall& call) {
  if (call.record().IdentifyNow()) return absl::OkStatus();
  call.record().IdentifyLater([self = call.shared_from_this()] { self->Continue(); });
  return std::nullopt;
}

Outcome CheckCredentials(ServerCall& call) {
  return call.record().identity_status();
}

Outcome CheckMetadata(ServerCall& call) {
  return call.record().metadata_status();
}

Outcome CheckMayCall(ServerCall& call) {
  return CheckAccess(call.record().call().identity, call.method().facts.access);
}

// What a client begins may be too much, where parts of what has begun are not.
Outcome AskGate(ServerCall& call) {
  if (call.method().gate == nullptr || call.record().IsPart()) return absl::OkStatus();
  return call.method().gate();
}

// From here on it runs on the RPC's executor. Where there is more to do than is done, what clients
// begin is refused at once.
Outcome AwaitThread(ServerCall& call) {
  if (!call.AwaitThread()) return OverloadedError();
  return std::nullopt;
}

Outcome CheckAwaited(ServerCall& call) {
  const CallRecord& record = call.record();
  if (call.cancelled() || record.parts().clock.Now() >= record.call().deadline) {
    return record.CancelledError();
  }
  return absl::OkStatus();
}

// A key for some personas is for no other. A service's call is of a turn that has been let in.
Outcome CheckPersonasOfKey(ServerCall& call) {
  const Identity& caller = call.record().call().identity;
  if (caller.key == nullptr || caller.key->persona_ids.empty() ||
      caller.role == AccessRole::kService) {
    return absl::OkStatus();
  }
  return call.record().Guarded([&] { return CheckPersonaFields(caller, call.request()); });
}

Outcome CheckRules(ServerCall& call) {
  return call.record().Guarded([&] { return CheckFieldRules(call.request()); });
}

constexpr std::array kSteps = {
    CallStep{"authenticate", &Authenticate},
    CallStep{"credentials", &CheckCredentials},
    CallStep{"metadata", &CheckMetadata},
    CallStep{"access", &CheckMayCall},
    CallStep{"gate", &AskGate},
    CallStep{"thread", &AwaitThread},
    CallStep{"still awaited", &CheckAwaited},
    CallStep{"personas of the key", &CheckPersonasOfKey},
    CallStep{"field rules", &CheckRules},
};

}  // namespace

std::span<const CallStep> CallSteps() {
  return kSteps;
}

}  // namespace dramatis
