// dramatis-describe: what the contract says, in the forms that others read.
//
//   dramatis-describe <descriptor set> openapi | routes | errors | configuration
//
// The descriptor set, made with --include_source_info, gives the comments; everything else comes
// from the descriptors that are linked in.

#include <iostream>
#include <string>

#include "boost/json.hpp"
#include "gateway/routing/problem.h"
#include "gateway/routing/proto_files.h"
#include "gateway/routing/route_table.h"
#include "gateway/tools/comments.h"
#include "gateway/tools/openapi.h"
#include "gateway/tools/reference.h"
#include "services/deployment/deployment.h"
#include "shared/config/version.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

absl::StatusOr<std::string> Describe(const std::string& descriptors, const std::string& what) {
  DRAMATIS_ASSIGN_OR_RETURN(const Comments comments, Comments::Read(descriptors));
  DRAMATIS_ASSIGN_OR_RETURN(const auto files, LinkedFiles());
  DRAMATIS_ASSIGN_OR_RETURN(const auto routes, RouteTable::Build(files));
  DRAMATIS_ASSIGN_OR_RETURN(const ReasonTable reasons, ReasonTable::Build(files));
  if (what == "openapi") {
    DRAMATIS_ASSIGN_OR_RETURN(const boost::json::object document,
                              OpenApi(*routes, reasons, comments, kVersion));
    return boost::json::serialize(document) + "\n";
  }
  if (what == "routes") return RoutesPage(*routes, comments);
  if (what == "errors") return ErrorsPage(reasons, files, comments);
  if (what == "configuration") return ConfigurationPage(AllPrograms());
  return absl::InvalidArgumentError("there are openapi, routes, errors and configuration");
}

}  // namespace
}  // namespace dramatis::gateway

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr
        << "usage: dramatis-describe <descriptor set> <openapi|routes|errors|configuration>\n";
    return 2;
  }
  const absl::StatusOr<std::string> text = dramatis::gateway::Describe(argv[1], argv[2]);
  if (!text.ok()) {
    std::cerr << "dramatis-describe: " << text.status().message() << "\n";
    return 1;
  }
  std::cout << *text;
  return 0;
}
