#include "gateway/routing/route_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "google/api/annotations.pb.h"

#include "absl/strings/str_cat.h"
#include "gateway/routing/query.h"
#include "shared/http/percent.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

absl::Status Broken(const RpcMethod& method, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(method.descriptor->full_name(), ": ", why));
}

std::pair<std::string, std::string> VerbAndPath(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case google::api::HttpRule::PATTERN_NOT_SET:
      break;
  }
  return {};
}

absl::Status ReadBody(const google::api::HttpRule& rule, const RpcMethod& method, Route& route) {
  if (rule.body().empty()) return absl::OkStatus();
  if (route.verb == "GET") return Broken(method, "GET takes no body");
  if (rule.body() == "*") {
    route.body_is_request = true;
    return absl::OkStatus();
  }
  route.body_field = method.input().FindFieldByName(rule.body());
  if (route.body_field == nullptr || route.body_field->message_type() == nullptr ||
      route.body_field->is_repeated()) {
    return Broken(method, "body names no message field of the request");
  }
  if (IsHttpBody(*route.body_field->message_type()) == method.body_types.empty()) {
    return Broken(method, "an HttpBody, and nothing else, has a rule for bodies");
  }
  return absl::OkStatus();
}

absl::StatusOr<Route> ReadRoute(const google::api::HttpRule& rule, const RpcMethod& method) {
  const auto [verb, path] = VerbAndPath(rule);
  if (verb.empty()) return Broken(method, "an HTTP binding has no method and path");
  DRAMATIS_ASSIGN_OR_RETURN(PathTemplate parsed, PathTemplate::Parse(path));
  Route route;
  route.verb = verb;
  route.path = std::move(parsed);
  (method.streaming ? route.stream : route.unary) = &method;
  DRAMATIS_RETURN_IF_ERROR(ReadBody(rule, method, route));
  for (const PathTemplate::Segment& segment : route.path.segments()) {
    if (!segment.variable) continue;
    const FieldDescriptor* field = method.input().FindFieldByName(segment.text);
    if (field == nullptr || field->is_repeated() || !IsTextual(*field) ||
        field == route.body_field) {
      return Broken(method, absl::StrCat("the path's variable ", segment.text,
                                         " is no plain field of the request"));
    }
    route.variables.push_back(field);
  }
  return route;
}

// Same verb, same literals, variables in the same places.
bool SameShape(const Route& a, const Route& b) {
  const auto& left = a.path.segments();
  const auto& right = b.path.segments();
  return a.verb == b.verb && std::equal(left.begin(), left.end(), right.begin(), right.end(),
                                        [](const auto& x, const auto& y) {
                                          return x.variable == y.variable &&
                                                 (x.variable || x.text == y.text);
                                        });
}

// Makes `twin` the other half of `route`.
absl::Status Pair(Route& route, const Route& twin) {
  const RpcMethod& method = twin.any();
  const bool free = method.streaming ? route.stream == nullptr : route.unary == nullptr;
  const bool same = &route.any().input() == &method.input() &&
                    route.body_is_request == twin.body_is_request &&
                    route.body_field == twin.body_field && route.variables == twin.variables &&
                    route.any().backend == method.backend;
  if (!free || !same) {
    return Broken(method, absl::StrCat(twin.verb, " ", twin.path.text(), " is already bound to ",
                                       route.any().descriptor->full_name()));
  }
  (method.streaming ? route.stream : route.unary) = &method;
  return absl::OkStatus();
}

std::string AllowOf(const std::vector<const Route*>& routes) {
  std::set<std::string> verbs = {"OPTIONS"};
  for (const Route* route : routes) {
    verbs.insert(route->verb);
    if (route->verb == "GET" && route->unary != nullptr) verbs.insert("HEAD");
  }
  std::string allow;
  for (const std::string& verb : verbs)
    absl::StrAppend(&allow, allow.empty() ? "" : ", ", verb);
  return allow;
}

bool Serves(const Route& route, std::string_view verb) {
  return route.verb == verb || (verb == "HEAD" && route.verb == "GET" && route.unary != nullptr);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RouteTable>> RouteTable::Build(
    const std::vector<const FileDescriptor*>& files) {
  auto table = std::make_unique<RouteTable>();
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) {
      const ServiceDescriptor* service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        DRAMATIS_RETURN_IF_ERROR(table->AddMethod(*service->method(j)));
      }
    }
  }
  return table;
}

absl::Status RouteTable::AddMethod(const MethodDescriptor& descriptor) {
  if (!descriptor.options().HasExtension(google::api::http)) return absl::OkStatus();
  DRAMATIS_ASSIGN_OR_RETURN(RpcMethod described, DescribeMethod(descriptor));
  described.index = methods_.size();
  methods_.push_back(std::make_unique<RpcMethod>(std::move(described)));
  const RpcMethod& method = *methods_.back();
  const google::api::HttpRule& rule = descriptor.options().GetExtension(google::api::http);
  DRAMATIS_ASSIGN_OR_RETURN(Route route, ReadRoute(rule, method));
  DRAMATIS_RETURN_IF_ERROR(AddRoute(std::move(route)));
  for (const google::api::HttpRule& more : rule.additional_bindings()) {
    DRAMATIS_ASSIGN_OR_RETURN(Route another, ReadRoute(more, method));
    DRAMATIS_RETURN_IF_ERROR(AddRoute(std::move(another)));
  }
  return absl::OkStatus();
}

absl::Status RouteTable::AddRoute(Route route) {
  for (const std::unique_ptr<Route>& other : routes_) {
    if (SameShape(*other, route)) return Pair(*other, route);
  }
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  const PathTemplate::Segment& first = routes_.back()->path.segments().front();
  if (routes_.back()->any().openai_errors && !first.variable) {
    openai_beginnings_.insert(first.text);
  }
  NodeOf(routes_.back()->path).routes.push_back(routes_.back().get());
  return absl::OkStatus();
}

RouteTable::Node& RouteTable::NodeOf(const PathTemplate& path) {
  Node* node = &root_;
  for (const PathTemplate::Segment& segment : path.segments()) {
    if (segment.variable) {
      if (node->variable == nullptr) node->variable = std::make_unique<Node>();
      node = node->variable.get();
      continue;
    }
    auto& literals = node->literals;
    auto it = std::find_if(literals.begin(), literals.end(),
                           [&](const auto& literal) { return literal.first == segment.text; });
    if (it == literals.end()) {
      it = literals.emplace(literals.end(), segment.text, std::make_unique<Node>());
    }
    node = it->second.get();
  }
  return *node;
}

const RouteTable::Node* RouteTable::Node::FindLiteral(std::string_view text) const {
  for (const auto& [literal, node] : literals) {
    if (literal == text) return node.get();
  }
  return nullptr;
}

const Route* RouteTable::Find(const Node& node, size_t depth, Walk& walk) {
  if (depth == walk.segments.size()) {
    for (const Route* route : node.routes) {
      if (Serves(*route, walk.verb)) return route;
      walk.others.push_back(route);
    }
    return nullptr;
  }
  const std::string& segment = walk.segments[depth];
  if (const Node* literal = node.FindLiteral(segment)) {
    if (const Route* route = Find(*literal, depth + 1, walk)) return route;
    if (!walk.others.empty()) return nullptr;  // the path is this one's, whatever its verbs
  }
  if (node.variable == nullptr || segment.empty()) return nullptr;
  walk.variables.push_back(depth);
  const Route* route = Find(*node.variable, depth + 1, walk);
  if (route == nullptr) walk.variables.pop_back();
  return route;
}

bool RouteTable::HasOpenAiErrors(std::string_view path) const {
  const std::vector<std::string_view> segments = SplitPath(path);
  return !segments.empty() && openai_beginnings_.contains(std::string(segments.front()));
}

RouteMatch RouteTable::Match(std::string_view verb, std::string_view path) const {
  RouteMatch match;
  Walk walk;
  walk.verb = verb;
  for (const std::string_view raw : SplitPath(path)) {
    std::optional<std::string> segment = PercentDecode(raw);
    if (!segment.has_value()) {
      match.outcome = RouteMatch::kBadEscape;
      return match;
    }
    walk.segments.push_back(*std::move(segment));
  }
  if (walk.segments.empty()) return match;
  match.route = Find(root_, 0, walk);
  if (match.route != nullptr) {
    match.outcome = RouteMatch::kFound;
    for (const size_t i : walk.variables)
      match.variables.push_back(std::move(walk.segments[i]));
  } else if (!walk.others.empty()) {
    match.outcome = RouteMatch::kNoVerb;
    match.allow = AllowOf(walk.others);
  }
  return match;
}

}  // namespace dramatis::gateway
