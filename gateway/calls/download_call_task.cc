#include "gateway/calls/download_call_task.h"

#include <utility>

#include "gateway/json/wire.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

// Of google.api.HttpBody.
constexpr int kContentType = 1;
constexpr int kData = 2;

std::string_view FieldOf(std::string_view wire, int number) {
  std::string_view value;
  for (WireReader reader(wire); reader.Next();) {
    if (reader.number() == number && reader.type() == WireType::kLength) value = reader.bytes();
  }
  return value;
}

}  // namespace

DownloadCallTask::DownloadCallTask(RequestTask& task, Backend& backend, const RequestCall& call)
    : task_(task), method_(*call.method) {
  call_ = backend.Stream(call, task.WhileAwaited([this] { Pump(); }));
}

void DownloadCallTask::Pump() {
  if (writing_) {
    more_ = true;
    return;
  }
  StreamCall::Batch batch = call_->Take();
  if (!begun_ && batch.messages.empty()) {
    if (!batch.end.has_value()) return;
    return task_.Fail(
        batch.end->ok() ? InternalError("a service answered with nothing") : *batch.end, false);
  }
  std::string bytes;
  for (const MessageBytes& message : batch.messages) {
    if (!begun_) {
      begun_ = true;
      HttpAnswer head;
      head.status = method_.success_status;
      head.content_type = std::string(FieldOf(message.view(), kContentType));
      head.headers = {{"Cache-Control", "no-store"}, {"Content-Disposition", "attachment"}};
      task_.StartStream(std::move(head));
    }
    bytes += FieldOf(message.view(), kData);
  }
  if (batch.end.has_value()) end_ = std::move(batch.end);
  Write(std::move(bytes));
}

void DownloadCallTask::Write(std::string bytes) {
  writing_ = !bytes.empty() && !task_.Write(std::move(bytes));
  if (!writing_ && end_.has_value()) End();
}

void DownloadCallTask::Written() {
  if (!writing_) return;
  writing_ = false;
  if (end_.has_value()) {
    End();
  } else if (std::exchange(more_, false)) {
    Pump();
  }
}

void DownloadCallTask::End() {
  if (end_->ok()) return task_.EndStream();
  const Problem problem = task_.Explain(*end_, false);
  task_.NoteStreamError(problem.status, problem.code);
  task_.BreakStream();
}

}  // namespace dramatis::gateway
