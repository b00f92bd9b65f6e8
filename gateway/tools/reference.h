// The reference pages below docs/, as Markdown: made, never written by hand. Pure functions.
#pragma once

#include <string>

#include "gateway/routing/problem.h"
#include "gateway/routing/route_table.h"
#include "gateway/tools/comments.h"
#include "google/protobuf/descriptor.h"
#include "shared/config/deployment.h"

namespace dramatis::gateway {

// docs/routes.md: every route with its access, request and answer.
std::string RoutesPage(const RouteTable& routes, const Comments& comments);
// docs/errors.md: the closed list of error codes.
std::string ErrorsPage(const ReasonTable& reasons,
                       const std::vector<const google::protobuf::FileDescriptor*>& files,
                       const Comments& comments);
// docs/configuration.md: every setting.
std::string ConfigurationPage(const Deployment& deployment);

}  // namespace dramatis::gateway
