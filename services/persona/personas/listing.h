// From a list request to a query and back to a page token. Pure functions.
#pragma once

#include <string>

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/status/statusor.h"
#include "services/persona/model/store.h"
#include "shared/call/call.h"

namespace dramatis::persona {

// The query behind a request. INVALID_CURSOR.
absl::StatusOr<PersonaQuery> MakeQuery(const CallContext& call,
                                       const v1::ListPersonasRequest& request);

// The token for what follows `last`, good for this caller, these filters, this order.
std::string MakePageToken(const CallContext& call,
                          const v1::ListPersonasRequest& request,
                          const PersonaRow& last);

}  // namespace dramatis::persona
