// Errors as problem documents (RFC 9457): the one place where absl::Status meets HTTP.
//
//   {"type":"urn:dramatis:error:NOT_FOUND","title":"Not found","status":404,
//    "detail":"there is no such thing","instance":"/api/things/7","code":"NOT_FOUND",
//    "correlationId":"0194..."}
//
// Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/routing/route_table.h"
#include "shared/http/message.h"
#include "shared/http/reasons.h"

namespace dramatis::gateway {

// What a problem is about.
struct ProblemContext {
  // The route that failed, or null where none was found: says how fields are spelled.
  const Route* route = nullptr;
  // The request's path, without its query.
  std::string_view path;
  std::string_view correlation_id;
  // The gateway found the error itself: its fields are in the client's own spelling already.
  bool own = false;
  // The document has the member `error` besides, which clients of OpenAI's API read.
  bool openai = false;
  // What the client gave, and so how it spells fields.
  std::string_view query = {};
  std::string_view body = {};
};

struct Problem {
  int status = 500;
  std::string code;
  // The document.
  std::string json;
  // At least; 0 where there is none to say.
  int retry_after_seconds = 0;
  // For clients of OpenAI's API: the same request soon gets the same answer, whatever the status
  // says to them.
  bool no_retry = false;
};

// `error` is not OK.
Problem MakeProblem(const absl::Status& error,
                    const ReasonTable& reasons,
                    const ProblemContext& context);

// The problem as an answer, with the headers that belong to its status.
HttpAnswer ProblemAnswer(Problem problem);

}  // namespace dramatis::gateway
