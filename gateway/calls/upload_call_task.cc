#include "gateway/calls/upload_call_task.h"

#include <utility>

#include "gateway/calls/unary_call_task.h"
#include "gateway/json/wire.h"

namespace dramatis::gateway {
namespace {

constexpr int kDataField = 2;  // of google.api.HttpBody

}  // namespace

UploadCallTask::UploadCallTask(RequestTask& task, Backend& backend, const RequestCall& call)
    : task_(task) {
  const RpcMethod* method = call.method;
  call_ = backend.Upload(call, task.WhileAwaited([this] { Sent(); }),
                         [task = task.shared_from_this(), method](UnaryReply reply) {
                           task->Post([method, reply = std::move(reply)](RequestTask& asked) {
                             UnaryCallTask::OnReply(asked, *method, reply);
                           });
                         });
}

bool UploadCallTask::Take(std::string piece) {
  waiting_ += piece;
  if (!busy_) SendNext();
  return false;
}

void UploadCallTask::TakeEnd() {
  ended_ = true;
  if (!busy_) SendNext();
}

void UploadCallTask::Sent() {
  busy_ = false;
  SendNext();
  if (!busy_ && !ended_) task_.ReadOn();
}

void UploadCallTask::SendNext() {
  if (!waiting_.empty()) {
    busy_ = true;
    std::string body;
    AppendLengthField(body, kDataField, std::exchange(waiting_, {}));
    std::string message;
    AppendLengthField(message, task_.body_field()->number(), body);
    call_->Send(message);
  } else if (ended_ && !since_.has_value()) {
    since_ = std::chrono::steady_clock::now();
    call_->End();
  }
}

void UploadCallTask::Tick(MonotonicTime now) {
  const auto most = absl::ToChronoMilliseconds(task_.parts().config.unary_timeout);
  if (since_.has_value() && now - *since_ > most) call_->Cancel();
}

}  // namespace dramatis::gateway
