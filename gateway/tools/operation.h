// One operation of the OpenAPI document.
#pragma once

#include "absl/status/statusor.h"
#include "boost/json.hpp"
#include "gateway/routing/route_table.h"
#include "gateway/tools/comments.h"
#include "gateway/tools/problems.h"
#include "gateway/tools/schemas.h"

namespace dramatis::gateway {

// The operation of a route: parameters, body, answers and errors, with the example of its RPC.
// INVALID_ARGUMENT where that is missing or no request of the RPC.
absl::StatusOr<boost::json::object> DescribeOperation(const Route& route,
                                                      Schemas& schemas,
                                                      const Problems& problems,
                                                      const Comments& comments);

// A comment's first sentence, without its stop: "One persona".
std::string FirstSentence(const std::string& comment);

// `components` besides schemas and errors: the parameters and headers that operations refer to.
boost::json::object SharedParameters();
boost::json::object SharedHeaders();

}  // namespace dramatis::gateway
