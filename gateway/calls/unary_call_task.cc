#include "gateway/calls/unary_call_task.h"

#include <utility>

#include "shared/status/errors.h"

namespace dramatis::gateway {

UnaryCallTask::UnaryCallTask(RequestTask& task, Backend& backend, const RequestCall& call) {
  const RpcMethod* method = call.method;
  call_ = backend.Call(method->path, call.payload, call.metadata, call.caller,
                       task.parts().config.unary_timeout,
                       [task = task.shared_from_this(), method](UnaryReply reply) {
                         task->Post([method, reply = std::move(reply)](RequestTask& asked) {
                           OnReply(asked, *method, reply);
                         });
                       });
}

void UnaryCallTask::Gone() {
  if (call_ != nullptr) call_->Cancel();
}

void UnaryCallTask::OnReply(RequestTask& task, const RpcMethod& method, const UnaryReply& reply) {
  if (!task.awaited()) return;
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

HealthCallTask::HealthCallTask(RequestTask& task, const RpcMethod* method) {
  task.parts().health.Check([task = task.shared_from_this(), method](const HealthReport& report) {
    task->Post([method, report](RequestTask& asked) {
      if (!asked.awaited()) return;
      if (method == nullptr) {
        asked.Send(Health::ReadyAnswer(report));
        return;
      }
      absl::StatusOr<HttpAnswer> answer =
          asked.parts().transcoder.Answer(*method, Health::Message(report).SerializeAsString());
      if (!answer.ok()) {
        asked.Fail(answer.status(), true);
        return;
      }
      constexpr int kUnavailable = 503;
      if (!report.ready()) {
        answer->status = kUnavailable;
        answer->headers.emplace_back("Retry-After", "1");
      }
      asked.Send(*std::move(answer));
    });
  });
}

}  // namespace dramatis::gateway
