// The REST contract as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), from the
// route table, the descriptors, and the comments of the protos.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "boost/json.hpp"
#include "gateway/routing/problem.h"
#include "gateway/routing/route_table.h"
#include "gateway/tools/comments.h"

namespace dramatis::gateway {

// The document. `version` is the program's. INVALID_ARGUMENT where an RPC has no usable example.
absl::StatusOr<boost::json::object> OpenApi(const RouteTable& routes,
                                            const ReasonTable& reasons,
                                            const Comments& comments,
                                            const std::string& version);

// A route's path with its variables in the spelling of its answer:
// "/api/personas/{personaId}".
std::string SpelledPath(const Route& route);

}  // namespace dramatis::gateway
