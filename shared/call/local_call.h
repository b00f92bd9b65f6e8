// Calls from within the process: the answering end of LocalMethods.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/call/call_record.h"
#include "shared/call/event_pump.h"
#include "shared/call/local_methods.h"
#include "shared/status/outgoing.h"

namespace dramatis {

// A unary call, there until its answer is.
template <class Request, class Response, class Handler>
class LocalCall {
 public:
  using Done = std::function<void(absl::StatusOr<Response>)>;

  static void Start(CallParts& parts,
                    const MethodFacts& method,
                    const Handler& handler,
                    const CallContext& call,
                    Request request,
                    Done done) {
    auto local = std::make_shared<LocalCall>(parts, method, handler, call, std::move(request),
                                             std::move(done));
    if (!parts.executor.TryPost([local] { local->Answer(local->Run()); })) {
      local->Answer(OverloadedError());
    }
  }

  LocalCall(CallParts& parts,
            const MethodFacts& method,
            const Handler& handler,
            const CallContext& call,
            Request request,
            Done done)
      : record_(parts, method, call),
        handler_(handler),
        request_(std::move(request)),
        done_(std::move(done)) {}

 private:
  absl::StatusOr<Response> Run() {
    absl::Status status = record_.Admit();
    if (status.ok()) status = Guarded([this] { return record_.CheckRequest(request_); });
    if (!status.ok()) return status;
    return Guarded([this] { return absl::StatusOr<Response>(handler_(record_.call(), request_)); });
  }

  void Answer(absl::StatusOr<Response> response) {
    record_.End(response.status());
    if (response.ok()) return done_(std::move(response));
    done_(ToCaller(response.status()));
  }

  const CallRecord record_;
  const Handler handler_;
  const Request request_;
  const Done done_;
};

// A server stream. The thread that has news runs the reader.
template <class Request, class Event, class Handler>
class LocalStreamCall : public LocalStream, private EventPump<Event> {
 public:
  using Reader = std::shared_ptr<LocalReader<Event>>;

  static std::shared_ptr<LocalStream> Start(CallParts& parts,
                                            const MethodFacts& method,
                                            const Handler& handler,
                                            const CallContext& call,
                                            Request request,
                                            Reader reader) {
    auto local = std::make_shared<LocalStreamCall>(parts, method, handler, call, std::move(request),
                                                   std::move(reader));
    local->self_ = local;
    if (!parts.executor.TryPost([local] { local->Run(); })) local->Close(OverloadedError());
    return local;
  }

  LocalStreamCall(CallParts& parts,
                  const MethodFacts& method,
                  const Handler& handler,
                  const CallContext& call,
                  Request request,
                  Reader reader)
      : record_(parts, method, call),
        handler_(handler),
        request_(std::move(request)),
        reader_(std::move(reader)) {}

  void Cancel() override { EventPump<Event>::Cancel(); }

 private:
  void Run() {
    absl::Status status = record_.Admit();
    if (status.ok()) status = Guarded([this] { return record_.CheckRequest(request_); });
    if (status.ok()) status = Guarded([this] { return OpenSource(); });
    if (!status.ok()) return this->Close(status);
    this->Pump();
  }

  absl::Status OpenSource() {
    auto source = handler_(record_.call(), request_);
    if (!source.ok()) return std::move(source).status();
    record_.parts().metrics.Gauge("dramatis_streams_open", {}, +1);
    this->Take(*std::move(source));
    return absl::OkStatus();
  }

  bool Send(Event event) override {
    reader_->OnEvent(std::move(event));
    return true;
  }
  absl::Status CancelledError() override { return record_.CancelledError(); }
  void End(const absl::Status& status) override {
    CallParts& parts = record_.parts();
    if (this->opened()) parts.metrics.Gauge("dramatis_streams_open", {}, -1);
    record_.End(status);
    reader_->OnEnd(ToCaller(status));
    // A source is not destroyed by a thread that may be within its `wake`. Where the executor has
    // stopped, nothing wakes any more.
    (void)parts.executor.Post([self = std::move(self_)] {});
  }

  const CallRecord record_;
  const Handler handler_;
  const Request request_;
  const Reader reader_;
  std::shared_ptr<LocalStreamCall> self_;  // until the end
};

}  // namespace dramatis
