#include "gateway/calls/dispatcher.h"

#include <utility>

#include "gateway/calls/request_task.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {

HttpHandler::Opened Dispatcher::Open(const HttpRequest& head, bool has_body, PostWork post) {
  auto task = std::make_shared<RequestTask>(parts_, head, std::move(post));
  std::optional<HttpAnswer> answer = task->AnswerHead(has_body);
  const size_t body_bytes = task->max_body_bytes();
  const bool in_pieces = task->takes_pieces();
  return {std::move(task), std::move(answer), body_bytes, in_pieces};
}

std::shared_ptr<HttpTask> Dispatcher::OpenRefused(const HttpRequest& head) {
  return std::make_shared<RequestTask>(parts_, head, PostWork());
}

HttpAnswer Dispatcher::Overloaded() {
  const std::string correlation_id = parts_.ids.NewId();
  ProblemContext context;
  context.path = "/";
  context.correlation_id = correlation_id;
  parts_.metrics.Count("dramatis_http_refused_connections_total", {});
  HttpAnswer answer =
      ProblemAnswer(MakeProblem(UnavailableError("too many connections"), parts_.reasons, context));
  answer.headers.emplace_back("X-Correlation-ID", correlation_id);
  return answer;
}

void Dispatcher::CountConnection(int by) {
  parts_.metrics.Gauge("dramatis_http_connections", {}, by);
}

}  // namespace dramatis::gateway
