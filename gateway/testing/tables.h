// What the gateway's tests share: the tables over this project's own protos.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/routing/problem.h"
#include "gateway/routing/proto_files.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/transcoder.h"
#include "shared/http/message.h"

namespace dramatis::gateway {

struct TestTables {
  std::unique_ptr<RouteTable> routes = RouteTable::Build(LinkedFiles().value()).value();
  std::unique_ptr<Transcoder> transcoder = Transcoder::Make(*routes).value();
  ReasonTable reasons = ReasonTable::Build(LinkedFiles().value()).value();

  static const TestTables& Get() {
    static const TestTables& tables = *new TestTables;
    return tables;
  }

  const RpcMethod& Method(const std::string& full_name) const {
    for (const auto& method : routes->methods()) {
      if (method->descriptor->full_name() == full_name) return *method;
    }
    std::abort();
  }
};

// A request as literals: `target` with its query.
inline HttpRequest MakeRequest(
    std::string_view verb,
    std::string_view target,
    std::string_view body = "",
    std::vector<std::pair<std::string_view, std::string_view>> headers = {}) {
  HttpRequest request;
  request.verb = verb;
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.headers = std::move(headers);
  if (!body.empty() && !request.Has("content-type")) {
    request.headers.emplace_back("Content-Type", "application/json");
  }
  request.body = body;
  return request;
}

}  // namespace dramatis::gateway
