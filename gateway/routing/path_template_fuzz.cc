// Templates and paths of any bytes: the parser and the matcher must neither crash nor disagree.
#include <cstdint>
#include <cstdlib>

#include "gateway/routing/path_template.h"
#include "gateway/routing/proto_files.h"
#include "gateway/routing/route_table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dramatis::gateway::PathTemplate;
  using dramatis::gateway::RouteMatch;
  using dramatis::gateway::RouteTable;
  static const auto& routes =
      *RouteTable::Build(dramatis::gateway::LinkedFiles().value()).value().release();
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto parsed = PathTemplate::Parse(text);
  if (parsed.ok()) {
    const auto again = PathTemplate::Parse(parsed->text());
    if (!again.ok() || again->segments() != parsed->segments()) std::abort();
  }
  for (const char* verb : {"GET", "POST", "DELETE"}) {
    const RouteMatch match = routes.Match(verb, text);
    const bool found = match.outcome == RouteMatch::kFound;
    if (found != (match.route != nullptr)) std::abort();
    if (found && match.variables.size() != match.route->variables.size()) std::abort();
  }
  return 0;
}
