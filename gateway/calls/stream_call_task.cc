#include "gateway/calls/stream_call_task.h"

#include <algorithm>
#include <utility>

#include "gateway/routing/sse.h"
#include "shared/status/errors.h"

namespace dramatis::gateway {
namespace {

using Clock = std::chrono::steady_clock;

// How long an error may take to be a problem document after the service has accepted the call.
constexpr std::chrono::milliseconds kGrace{200};
constexpr char kStreams[] = "dramatis_sse_streams";

}  // namespace

StreamCallTask::StreamCallTask(RequestTask& task, Backend& backend, const RequestCall& call)
    : task_(task), method_(*call.method), since_(Clock::now()) {
  // `wake` may come before this returns; what it posts runs after.
  call_ = backend.Stream(call, task.WhileAwaited([this] { Pump(); }));
}

StreamCallTask::~StreamCallTask() {
  if (state_ == State::kOpen || state_ == State::kWriting) {
    task_.parts().metrics.Gauge(kStreams, {}, -1);
  }
}

void StreamCallTask::Gone() {
  call_->Cancel();
}

void StreamCallTask::Drain() {
  if (!method_.endless) return;
  drained_ = true;
  // What has come already still goes out, before the end.
  call_->Cancel();
}

void StreamCallTask::Pump() {
  if (state_ == State::kWriting) {
    more_ = true;
    return;
  }
  StreamCall::Batch batch = call_->Take();
  if (drained_ && batch.end.has_value() && absl::IsCancelled(*batch.end)) {
    batch.end = UnavailableError("the server ends; follow the stream again from the last cursor");
  }
  if (batch.accepted) {
    headers_ = batch.headers;
    if (state_ == State::kWaiting) {
      state_ = State::kAccepted;
      since_ = Clock::now();
    }
  }
  const bool begun = state_ == State::kOpen;
  if (!begun && batch.messages.empty()) {
    if (!batch.end.has_value()) return;
    if (!batch.end->ok()) {
      state_ = State::kEnded;
      task_.Fail(*batch.end, false);
      return;
    }
    // The client has seen the end. An EventSource does not come again after this.
    state_ = State::kEnded;
    HttpAnswer nothing;
    nothing.status = 204;
    task_.Send(std::move(nothing));
    return;
  }
  std::string frames;
  if (!begun) {
    Begin();
    if (method_.sse == options::v1::SSE_FORM_NAMED) Events().AppendOpening(frames);
  }
  for (const MessageBytes& message : batch.messages) {
    if (!task_.parts().transcoder.AppendEvent(method_, message.view(), frames)) {
      call_->Cancel();
      batch.end = InternalError("a service sent bytes that are not its event");
      break;
    }
  }
  if (batch.end.has_value()) {
    if (batch.end->ok()) {
      Events().AppendEnd(frames);
    } else {
      AppendError(*batch.end, frames);
    }
    end_ = *batch.end;
  }
  Write(std::move(frames));
}

const EventFormat& StreamCallTask::Events() const {
  return task_.parts().transcoder.Events(method_);
}

void StreamCallTask::Begin() {
  HttpAnswer head;
  head.content_type = kEventStreamType;
  head.headers = {{"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};
  if (headers_.idempotency_replayed) head.headers.emplace_back("Idempotency-Replayed", "true");
  state_ = State::kOpen;
  task_.parts().metrics.Gauge(kStreams, {}, 1);
  task_.StartStream(std::move(head));
}

void StreamCallTask::Write(std::string frames) {
  since_ = Clock::now();
  const bool written = frames.empty() || task_.Write(std::move(frames));
  if (!written) {
    state_ = State::kWriting;
    return;
  }
  if (end_.has_value()) End();
}

void StreamCallTask::Written() {
  if (state_ != State::kWriting) return;
  state_ = State::kOpen;
  if (end_.has_value()) {
    End();
  } else if (std::exchange(more_, false)) {  // kOpen again: what came meanwhile is taken
    Pump();
  }
}

void StreamCallTask::End() {
  state_ = State::kEnded;
  task_.parts().metrics.Gauge(kStreams, {}, -1);
  task_.EndStream();
}

void StreamCallTask::AppendError(const absl::Status& error, std::string& frames) {
  const Problem problem = task_.Explain(error, false);
  task_.NoteStreamError(problem.status, problem.code);
  Events().AppendProblem(problem.json, GetFact(error, kCursorFact), frames);
}

void StreamCallTask::Probe() {
  if (state_ == State::kOpen) Write(std::string(kSsePing));
}

void StreamCallTask::Tick(MonotonicTime now) {
  const auto heartbeat = absl::ToChronoMilliseconds(task_.parts().config.heartbeat);
  const auto silent = now - since_;
  switch (state_) {
    case State::kAccepted:
      if (silent < std::min<Clock::duration>(kGrace, heartbeat)) return;
      break;
    case State::kWaiting:
    case State::kOpen:
      if (silent < heartbeat) return;
      break;
    case State::kWriting:
    case State::kEnded:
      return;
  }
  const bool begins = state_ != State::kOpen;
  std::string frames(kSsePing);
  if (begins) {
    Begin();
    frames.clear();
    Events().AppendOpening(frames);
  }
  Write(std::move(frames));
}

}  // namespace dramatis::gateway
