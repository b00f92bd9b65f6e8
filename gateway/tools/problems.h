// Which errors an RPC may answer over HTTP: those that every route may, those that follow from its
// binding, and those that its comment names.
//
//   Problems problems(reasons, comments);
//   problems.Of(route)    // {400: {}, 409: {"PERSONA_NAME_TAKEN"}, ...}
//
// Immutable, thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>

#include "boost/json.hpp"
#include "gateway/routing/problem.h"
#include "gateway/routing/route_table.h"
#include "gateway/tools/comments.h"

namespace dramatis::gateway {

class Problems {
 public:
  Problems(const ReasonTable& reasons, const Comments& comments)
      : reasons_(reasons), comments_(comments) {}

  // The codes that the route's RPCs name, by HTTP status; statuses that follow from the route are
  // there without a code.
  std::map<int, std::set<std::string>> Of(const Route& route) const;
  // The codes that the route's RPCs name.
  std::set<std::string> Named(const Route& route) const;
  // The HTTP status of a code.
  int StatusOf(const Reason& reason) const;

  // The schema of a problem document.
  boost::json::object Schema() const;
  // The responses without codes of their own that these routes share, by component name.
  boost::json::object Responses(const RouteTable& routes) const;
  static std::string ResponseName(int status);
  // A response of this status that names codes of its own.
  static boost::json::object Response(int status, const std::set<std::string>& codes);

 private:
  const ReasonTable& reasons_;
  const Comments& comments_;
};

}  // namespace dramatis::gateway
