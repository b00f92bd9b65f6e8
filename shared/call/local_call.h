// Calls from within the process: the answering end of LocalMethods.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/call/call_record.h"
#include "shared/call/event_pump.h"
#include "shared/call/local_methods.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"

namespace dramatis {

// What a call of either kind has.
template <class Request, class Handler>
struct LocalCallParts {
  // Runs the call on the service's executor, if it may begin.
  absl::Status Post(std::function<void()> run) const {
    if (absl::Status admitted = record.Admit(); !admitted.ok()) return admitted;
    return record.Post(std::move(run));
  }
  // Whether the handler may run.
  absl::Status Check() const {
    return record.Guarded([this] { return record.CheckRequest(request); });
  }

  CallRecord record;
  Handler handler;
  Request request;
};

// A unary call, there until its answer is. Handler: as ServiceAdapter::Unary or ::Async takes it.
template <class Request, class Response, class Handler>
class LocalCall : public std::enable_shared_from_this<LocalCall<Request, Response, Handler>> {
 public:
  using Parts = LocalCallParts<Request, Handler>;
  // The answer, and the headers that the handler has sent with it.
  using Done = std::function<void(absl::StatusOr<Response> response, HeaderList headers)>;

  // Runs the handler on the method's executor.
  static void Start(Parts parts, Done done) {
    auto call = std::make_shared<LocalCall>(std::move(parts), std::move(done));
    call->parts_.record.Identify([call] { Post(call); });
  }

  LocalCall(Parts parts, Done done) : parts_(std::move(parts)), done_(std::move(done)) {}

 private:
  using Answering = std::function<void(absl::StatusOr<Response>)>;

  // Goes with the last copy of what an asynchronous handler answers with.
  struct Promise {
    explicit Promise(std::shared_ptr<LocalCall> c) : call(std::move(c)) {}
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;
    ~Promise() { call->Answer(InternalError("the handler dropped its answer")); }
    const std::shared_ptr<LocalCall> call;
  };

  static void Post(const std::shared_ptr<LocalCall>& call) {
    const absl::Status posted = call->parts_.Post([call] { call->Run(); });
    if (!posted.ok()) call->Answer(posted);
  }

  void Run() {
    absl::Status status = parts_.Check();
    if (status.ok()) status = parts_.record.Guarded([this] { return Handle(); });
    if (!status.ok()) Answer(status);
  }

  // An error, or the answer has been given or will be.
  absl::Status Handle() {
    const CallContext& call = parts_.record.call();
    if constexpr (std::is_invocable_v<const Handler&, const CallContext&, const Request&,
                                      Answering>) {
      auto promise = std::make_shared<Promise>(this->shared_from_this());
      parts_.handler(call, parts_.request, [promise](absl::StatusOr<Response> answer) {
        promise->call->Answer(std::move(answer));
      });
      return absl::OkStatus();
    } else if constexpr (std::is_same_v<decltype(parts_.handler(call, parts_.request)),
                                        absl::Status>) {
      absl::Status status = parts_.handler(call, parts_.request);
      if (status.ok()) Answer(Response());
      return status;
    } else {
      Answer(absl::StatusOr<Response>(parts_.handler(call, parts_.request)));
      return absl::OkStatus();
    }
  }

  // The first answer counts.
  void Answer(absl::StatusOr<Response> response) {
    if (answered_.exchange(true)) return;
    parts_.record.End(response.status());
    if (!response.ok()) response = ToCaller(response.status());
    done_(std::move(response), parts_.record.TakeHeaders());
  }

  Parts parts_;
  const Done done_;
  std::atomic<bool> answered_ = false;
};

// A server stream. The thread that has news runs the reader.
template <class Request, class Event, class Handler>
class LocalStreamCall : public LocalStream, private EventPump<Event> {
 public:
  using Parts = LocalCallParts<Request, Handler>;
  using Reader = std::shared_ptr<LocalReader<Event>>;

  // Opens the stream on the method's executor.
  static std::shared_ptr<LocalStream> Start(Parts parts, Reader reader) {
    auto call = std::make_shared<LocalStreamCall>(std::move(parts), std::move(reader));
    call->self_ = call;
    call->parts_.record.Identify([call] { Post(call); });
    return call;
  }

  LocalStreamCall(Parts parts, Reader reader)
      : parts_(std::move(parts)), reader_(std::move(reader)) {}

  void Cancel() override { EventPump<Event>::Cancel(); }
  void Resume() override { this->Sent(true); }

 private:
  static void Post(const std::shared_ptr<LocalStreamCall>& call) {
    const absl::Status posted = call->parts_.Post([call] { call->Run(); });
    if (!posted.ok()) call->Close(posted);
  }

  void Run() {
    absl::Status status = parts_.Check();
    if (status.ok()) status = parts_.record.Guarded([this] { return Open(); });
    if (!status.ok()) return this->Close(status);
    this->Pump();
  }

  absl::Status Open() {
    auto source = parts_.handler(parts_.record.call(), parts_.request);
    if (!source.ok()) return std::move(source).status();
    parts_.record.parts().metrics.Gauge("dramatis_streams_open", {}, +1);
    reader_->OnOpen(parts_.record.TakeHeaders());
    this->Take(*std::move(source));
    return absl::OkStatus();
  }

  bool Send(Event event) override { return reader_->OnEvent(std::move(event)); }
  absl::Status CancelledError() override { return parts_.record.CancelledError(); }
  void End(const absl::Status& status) override {
    CallParts& shared = parts_.record.parts();
    if (this->opened()) shared.metrics.Gauge("dramatis_streams_open", {}, -1);
    parts_.record.End(status);
    reader_->OnEnd(ToCaller(status));
    // A source is not destroyed by a thread that may be within its `wake`. Where the executor has
    // stopped, nothing wakes any more.
    (void)shared.executor.Post([self = std::move(self_)] {});
  }

  Parts parts_;
  const Reader reader_;
  std::shared_ptr<LocalStreamCall> self_;  // until the end
};

// Reads a stream of messages for a reader of bytes.
template <class Event>
class BytesReader : public LocalReader<Event> {
 public:
  explicit BytesReader(std::shared_ptr<LocalReader<std::string>> reader)
      : reader_(std::move(reader)) {}
  void OnOpen(const HeaderList& headers) override { reader_->OnOpen(headers); }
  bool OnEvent(Event event) override { return reader_->OnEvent(event.SerializeAsString()); }
  void OnEnd(const absl::Status& status) override { reader_->OnEnd(status); }

 private:
  const std::shared_ptr<LocalReader<std::string>> reader_;
};

}  // namespace dramatis
