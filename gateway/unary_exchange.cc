#include "gateway/unary_exchange.h"

#include <utility>

#include "shared/status/errors.h"

namespace dramatis::gateway {

UnaryExchange::UnaryExchange(RequestTask& task, Backend& backend, const RequestCall& call) {
  const RpcMethod* method = call.method;
  call_ = backend.Call(
      method->path, call.payload, call.metadata, task.parts().config.unary_timeout,
      [task = task.shared_from_this(), method](UnaryReply reply) {
        task->post()([task, method, reply = std::move(reply)] { OnReply(*task, *method, reply); });
      });
}

void UnaryExchange::Gone() {
  if (call_ != nullptr) call_->Cancel();
}

void UnaryExchange::OnReply(RequestTask& task, const RpcMethod& method, const UnaryReply& reply) {
  if (task.exchange() == nullptr) return;
  if (!reply.status.ok()) {
    task.Fail(reply.status, false);
    return;
  }
  absl::StatusOr<HttpAnswer> answer = task.parts().transcoder.Answer(method, reply.message.view());
  if (!answer.ok()) {
    task.Fail(answer.status(), true);
    return;
  }
  if (reply.headers.idempotency_replayed) {
    answer->headers.emplace_back("Idempotency-Replayed", "true");
  }
  task.Send(*std::move(answer));
}

HealthExchange::HealthExchange(RequestTask& task, const RpcMethod* method) {
  task.parts().health.Check([task = task.shared_from_this(), method](const HealthReport& report) {
    task->post()([task, method, report] {
      const GatewayParts& parts = task->parts();
      if (method == nullptr) {
        task->Send(Health::ReadyAnswer(report));
        return;
      }
      absl::StatusOr<HttpAnswer> answer =
          parts.transcoder.Answer(*method, Health::Message(report).SerializeAsString());
      if (!answer.ok()) {
        task->Fail(answer.status(), true);
        return;
      }
      constexpr int kUnavailable = 503;
      if (!report.ready()) {
        answer->status = kUnavailable;
        answer->headers.emplace_back("Retry-After", "1");
      }
      task->Send(*std::move(answer));
    });
  });
}

}  // namespace dramatis::gateway
