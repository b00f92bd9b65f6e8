// Whether a caller may call an RPC at all, by the access and scope that its proto declares. What
// needs the resource (owners) is decided where that is read.
//
//   DRAMATIS_RETURN_IF_ERROR(CheckAccess(call.identity, method.access));
//
// A pure function.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "shared/call/call.h"
#include "shared/call/method_rules.h"

namespace dramatis {

// PERMISSION_DENIED; INSUFFICIENT_SCOPE names what the credentials lack.
absl::Status CheckAccess(const Identity& identity, const MethodAccess& method);

// PERMISSION_DENIED where the caller's key is not for this persona.
absl::Status CheckPersona(const Identity& identity, const std::string& persona_id);
// The same of every persona that the request names, in `persona_id` or `persona_ids`, however deep.
absl::Status CheckPersonaFields(const Identity& identity, const google::protobuf::Message& request);

// PERMISSION_DENIED, INSUFFICIENT_SCOPE: `scope` is what the credentials would have to allow.
absl::Status InsufficientScopeError(const std::string& scope);

}  // namespace dramatis
