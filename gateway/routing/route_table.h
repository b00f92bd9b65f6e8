// Which RPC answers which HTTP request, from the google.api.http annotations alone.
//
//   absl::StatusOr<std::unique_ptr<RouteTable>> table = RouteTable::Build(LinkedFiles().value());
//   const RouteMatch match = (*table)->Match("GET", "/api/things/7");
//   if (match.outcome == RouteMatch::kFound) Call(*match.route->unary, match.variables);
//
// A literal segment beats a variable; the variable's path is tried where there is no path with the
// literal, and not where that path lacks the method. A unary and a server-streaming RPC of one
// binding are one route. Whatever else is ambiguous or unusable is an error of Build. Immutable,
// thread-safe.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/routing/path_template.h"
#include "gateway/routing/rpc_method.h"
#include "google/protobuf/descriptor.h"

namespace dramatis::gateway {

struct Route {
  std::string verb;  // "GET"
  PathTemplate path;
  const RpcMethod* unary = nullptr;   // at least one of the two
  const RpcMethod* stream = nullptr;  // both have the same request type
  // The body fills this field, or the whole request, or there is none.
  const google::protobuf::FieldDescriptor* body_field = nullptr;
  bool body_is_request = false;
  // The request's field of each variable of the path, in its order.
  std::vector<const google::protobuf::FieldDescriptor*> variables;

  const RpcMethod& any() const { return unary != nullptr ? *unary : *stream; }
  bool takes_body() const { return body_is_request || body_field != nullptr; }
};

struct RouteMatch {
  enum Outcome { kFound, kNoPath, kNoVerb, kBadEscape };
  Outcome outcome = kNoPath;
  const Route* route = nullptr;
  // Decoded, in the path's order.
  std::vector<std::string> variables;
  // For kNoVerb: "GET, HEAD, OPTIONS".
  std::string allow;
};

class RouteTable {
 public:
  // Every RPC with an HTTP binding in these files. INVALID_ARGUMENT names the RPC and what is
  // wrong.
  static absl::StatusOr<std::unique_ptr<RouteTable>> Build(
      const std::vector<const google::protobuf::FileDescriptor*>& files);

  // HEAD finds the route of GET. `path` is as it came, without the query.
  RouteMatch Match(std::string_view verb, std::string_view path) const;

  // Whether a path that there is not would be one of a service whose problems have the member
  // `error` for clients of OpenAI's API: it begins as its routes do.
  bool HasOpenAiErrors(std::string_view path) const;

  // In the order of their services, RPCs and bindings.
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }
  const std::vector<std::unique_ptr<RpcMethod>>& methods() const { return methods_; }

 private:
  struct Node {
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
    std::unique_ptr<Node> variable;
    std::vector<const Route*> routes;

    const Node* FindLiteral(std::string_view text) const;
  };
  // One way through the trie.
  struct Walk {
    std::string_view verb;
    std::vector<std::string> segments;
    std::vector<size_t> variables;     // which segments filled variables
    std::vector<const Route*> others;  // routes of the path with other verbs
  };

  absl::Status AddMethod(const google::protobuf::MethodDescriptor& descriptor);
  absl::Status AddRoute(Route route);
  Node& NodeOf(const PathTemplate& path);
  static const Route* Find(const Node& node, size_t depth, Walk& walk);

  std::vector<std::unique_ptr<RpcMethod>> methods_;
  std::vector<std::unique_ptr<Route>> routes_;
  Node root_;
  std::set<std::string> openai_beginnings_;  // first segments
};

}  // namespace dramatis::gateway
