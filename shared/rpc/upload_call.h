// A client stream that hands its messages to an UploadSink, one at a time, on the executor. Part of
// the call adapter.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/upload_sink.h"
#include "shared/rpc/grpc_call_record.h"

namespace dramatis {

// The next message is read when the sink has taken the one before, so that a slow one slows its
// caller. Ends when there is an answer, or the caller has gone away and nothing runs; deletes
// itself when gRPC is done with it.
template <class Request, class Response>
class UploadCall : public grpc::ServerReadReactor<Request> {
 public:
  using Sink = std::unique_ptr<UploadSink<Request, Response>>;
  using Open = std::function<absl::StatusOr<Sink>(const CallContext&, const Request&)>;

  static grpc::ServerReadReactor<Request>* Start(CallParts& parts,
                                                 const MethodFacts& method,
                                                 grpc::CallbackServerContext& context,
                                                 Response& response,
                                                 Open open) {
    auto* const call = new UploadCall(parts, method, context, response, std::move(open));
    call->record_.Identify([call] { call->Admit(); });
    return call;
  }

  void OnReadDone(bool ok) override {
    auto run = [this, ok] { Run(ok); };
    if (first_) {
      if (const absl::Status begun = record_.Post(run); !begun.ok()) End(begun);
    } else if (!record_.parts().executor.Post(run)) {
      // Past the queue's limit: the call was accepted, and has one task at a time.
      End(OverloadedError());
    }
  }
  // The read under way ends too, without a message.
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { delete this; }

 private:
  UploadCall(CallParts& parts,
             const MethodFacts& method,
             grpc::CallbackServerContext& context,
             Response& response,
             Open open)
      : record_(parts, method, context), response_(response), open_(std::move(open)) {}

  void Admit() {
    if (absl::Status admitted = record_.Admit(); !admitted.ok()) return End(admitted);
    this->StartRead(&message_);
  }

  void Run(bool ok) {
    const absl::Status status = record_.Guarded([this, ok] { return Take(ok); });
    if (!status.ok() || !ok) return End(status);
    this->StartRead(&message_);
  }

  absl::Status Take(bool ok) {
    if (cancelled_) return record_.CancelledError();
    if (first_) {
      if (!ok) message_.Clear();  // nothing came: the rules say what is missing
      first_ = false;
      if (absl::Status checked = record_.CheckRequest(message_); !checked.ok()) return checked;
      absl::StatusOr<Sink> sink = open_(record_.call(), message_);
      if (!sink.ok()) return std::move(sink).status();
      sink_ = *std::move(sink);
    }
    if (ok) return sink_->Take(message_);
    absl::StatusOr<Response> response = sink_->End();
    if (!response.ok()) return std::move(response).status();
    response_ = *std::move(response);
    return absl::OkStatus();
  }

  void End(const absl::Status& status) {
    sink_ = nullptr;
    record_.SealHeaders();
    this->Finish(record_.End(status));
  }

  GrpcCallRecord record_;
  Response& response_;
  const Open open_;
  std::atomic<bool> cancelled_ = false;
  bool first_ = true;
  Request message_;
  Sink sink_;
};

}  // namespace dramatis
