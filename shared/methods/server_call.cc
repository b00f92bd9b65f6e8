#include "shared/methods/server_call.h"

#include <utility>

#include "shared/methods/call_steps.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using google::protobuf::Message;

// A handler that may block.
class BlockingCall : public ServerCall {
 public:
  BlockingCall(const Method& method,
               CallWire& wire,
               CallRecord record,
               std::unique_ptr<Message> request)
      : ServerCall(method, wire, std::move(record), std::move(request)) {}

 private:
  void Run() override {
    const std::unique_ptr<Message> response(method_.response.New());
    const absl::Status status = record_.Guarded([&] {
      return std::get<UnaryHandler>(method_.handler)(record_.call(), request(), *response);
    });
    Finish(status, status.ok() ? response.get() : nullptr);
  }
};

// An answer that comes later, from any thread. Ends when the handler has returned and there is an
// answer or nobody waits for one.
class AsyncCall : public ServerCall {
 public:
  using Answer = absl::StatusOr<std::unique_ptr<Message>>;

  AsyncCall(const Method& method,
            CallWire& wire,
            CallRecord record,
            std::unique_ptr<Message> request)
      : ServerCall(method, wire, std::move(record), std::move(request)) {}

  void Cancel() override {
    ServerCall::Cancel();
    Settle();
  }

 private:
  // Goes with the last copy of `done`.
  struct Promise {
    explicit Promise(std::shared_ptr<AsyncCall> c) : call(std::move(c)) {}
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;
    ~Promise() { call->Take(InternalError("the handler dropped its answer")); }
    const std::shared_ptr<AsyncCall> call;
  };

  void Run() override {
    auto promise =
        std::make_shared<Promise>(std::static_pointer_cast<AsyncCall>(shared_from_this()));
    const absl::Status status = record_.Guarded([&]() -> absl::Status {
      std::get<AsyncHandler>(method_.handler)(record_.call(), request(), [promise](Answer answer) {
        promise->call->Take(std::move(answer));
      });
      return absl::OkStatus();
    });
    if (!status.ok()) Take(status);
    promise = nullptr;
    {
      const absl::MutexLock lock(&mutex_);
      handled_ = true;
    }
    Settle();
  }

  // The first answer counts.
  void Take(Answer answer) {
    {
      const absl::MutexLock lock(&mutex_);
      if (ended_ || answer_.has_value()) return;
      answer_ = std::move(answer);
    }
    Settle();
  }

  void Settle() {
    std::optional<Answer> answer;
    {
      const absl::MutexLock lock(&mutex_);
      if (ended_ || !handled_ || (!answer_.has_value() && !cancelled())) return;
      ended_ = true;
      answer.swap(answer_);
    }
    // Outside the lock: the wire may let go of this.
    if (!answer.has_value()) return Finish(record_.CancelledError());
    Finish(answer->status(), answer->ok() ? (**answer).get() : nullptr);
  }

  absl::Mutex mutex_;
  bool handled_ ABSL_GUARDED_BY(mutex_) = false;  // the handler has returned
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Answer> answer_ ABSL_GUARDED_BY(mutex_);
};

// A stream that pulls from its source, one event at a time, and holds no thread.
class StreamCall : public ServerCall, private EventPump {
 public:
  StreamCall(const Method& method,
             CallWire& wire,
             CallRecord record,
             std::unique_ptr<Message> request)
      : ServerCall(method, wire, std::move(record), std::move(request)) {}

  void Cancel() override {
    ServerCall::Cancel();
    EventPump::Cancel();
  }
  void Sent(bool ok) override { EventPump::Sent(ok); }

 private:
  void Run() override {
    const absl::Status status = record_.Guarded([this] { return Open(); });
    if (!status.ok()) return Close(status);
    Pump();
  }

  absl::Status Open() {
    auto source = std::get<StreamHandler>(method_.handler)(record_.call(), request());
    if (!source.ok()) return std::move(source).status();
    record_.parts().metrics.Gauge("dramatis_streams_open", {}, +1);
    wire_.Open(record_);
    EventPump::Take(*std::move(source));
    return absl::OkStatus();
  }

  void Refuse(const absl::Status& status) override { Close(status); }
  bool Send(Message& event) override { return wire_.Send(event); }
  absl::Status CancelledError() override { return record_.CancelledError(); }
  void End(const absl::Status& status) override {
    if (opened()) record_.parts().metrics.Gauge("dramatis_streams_open", {}, -1);
    Finish(status);
  }
};

}  // namespace

absl::Status MalformedRequestError() {
  return Error(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_VALIDATION_FAILED,
               "the request's bytes are not this method's message, or a text in it is not UTF-8");
}

std::shared_ptr<ServerCall> ServerCall::Make(const Method& method,
                                             CallWire& wire,
                                             CallRecord record,
                                             std::unique_ptr<Message> request) {
  if (method.streams()) {
    return std::make_shared<StreamCall>(method, wire, std::move(record), std::move(request));
  }
  if (std::holds_alternative<AsyncHandler>(method.handler)) {
    return std::make_shared<AsyncCall>(method, wire, std::move(record), std::move(request));
  }
  return std::make_shared<BlockingCall>(method, wire, std::move(record), std::move(request));
}

ServerCall::ServerCall(const Method& method,
                       CallWire& wire,
                       CallRecord record,
                       std::unique_ptr<Message> request)
    : method_(method), record_(std::move(record)), wire_(wire), request_(std::move(request)) {}

void ServerCall::Begin() {
  if (request_ == nullptr) return Refuse(MalformedRequestError());
  Continue();
}

void ServerCall::Continue() {
  const std::span<const CallStep> steps = CallSteps();
  while (next_step_ < steps.size()) {
    const std::optional<absl::Status> outcome = steps[next_step_++].take(*this);
    if (!outcome.has_value()) return;
    if (!outcome->ok()) return Refuse(*outcome);
  }
  Run();
}

bool ServerCall::AwaitThread() {
  return Post([self = shared_from_this()] { self->Continue(); });
}

bool ServerCall::Post(std::function<void()> task) {
  Executor& executor = *method_.executor;
  return record_.IsPart() ? executor.TryPost(std::move(task)) : executor.TryBegin(std::move(task));
}

void ServerCall::Finish(const absl::Status& status, Message* response) {
  record_.End(status);
  wire_.End(status, response, record_);
}

bool UploadServerCall::AwaitThread() {
  wire_.Receive();
  return true;
}

void UploadServerCall::Received(absl::StatusOr<std::unique_ptr<Message>> message) {
  received_ = std::move(message);
  auto work = [self = shared_from_this(), this] { Take(); };
  // Past the queue's limit once it has begun: it was accepted, and has one task at a time.
  const bool posted = first_ ? Post(work) : method_.executor->Post(work);
  if (!posted) End(OverloadedError());
}

void UploadServerCall::Take() {
  if (!received_.ok()) return End(received_.status());
  more_ = *received_ != nullptr;
  // Where nothing came at all, the rules say what is missing.
  SetRequest(more_ ? *std::move(received_) : std::unique_ptr<Message>(method_.request.New()));
  if (first_) return Continue();
  if (cancelled()) return End(record_.CancelledError());
  Run();
}

void UploadServerCall::Run() {
  first_ = false;
  const absl::Status status = record_.Guarded([this] { return TakeMessage(); });
  if (!status.ok() || !more_) return End(status);
  wire_.Receive();
}

absl::Status UploadServerCall::TakeMessage() {
  if (sink_ == nullptr) {
    auto sink = std::get<UploadHandler>(method_.handler)(record_.call(), request());
    if (!sink.ok()) return std::move(sink).status();
    sink_ = *std::move(sink);
  }
  if (more_) return sink_->Take(request());
  response_.reset(method_.response.New());
  return sink_->End(*response_);
}

void UploadServerCall::End(const absl::Status& status) {
  sink_ = nullptr;
  Finish(status, status.ok() ? response_.get() : nullptr);
}

}  // namespace dramatis
