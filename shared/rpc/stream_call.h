// A server stream that pulls from an EventSource, one write at a time, and holds no thread. Part of
// the call adapter.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/event_pump.h"
#include "shared/rpc/grpc_call_record.h"

namespace dramatis {

// gRPC owns the source while a write is under way. Deletes itself when gRPC is done with it.
template <class Event>
class StreamCall : public grpc::ServerWriteReactor<Event>, private EventPump<Event> {
 public:
  using Source = typename EventPump<Event>::Source;
  using Open = std::function<absl::StatusOr<Source>(const CallContext&)>;

  static grpc::ServerWriteReactor<Event>* Start(CallParts& parts,
                                                const MethodFacts& method,
                                                grpc::CallbackServerContext& context,
                                                const google::protobuf::Message& request,
                                                Open open) {
    auto* const call = new StreamCall(parts, method, context, request, std::move(open));
    call->record_.Identify([call] { call->Post(); });
    return call;
  }

  void OnWriteDone(bool ok) override { this->Sent(ok); }
  void OnCancel() override { this->Cancel(); }
  void OnDone() override { delete this; }

 private:
  StreamCall(CallParts& parts,
             const MethodFacts& method,
             grpc::CallbackServerContext& context,
             const google::protobuf::Message& request,
             Open open)
      : record_(parts, method, context), request_(request), open_(std::move(open)) {}

  ~StreamCall() override {
    if (this->opened()) record_.parts().metrics.Gauge("dramatis_streams_open", {}, -1);
  }

  void Post() {
    absl::Status admitted = record_.Admit();
    if (admitted.ok()) admitted = record_.Post([this] { Run(); });
    if (!admitted.ok()) this->Close(admitted);
  }

  void Run() {
    absl::Status status = record_.Guarded([this] { return record_.CheckRequest(request_); });
    if (status.ok()) status = record_.Guarded([this] { return OpenSource(); });
    if (!status.ok()) return this->Close(status);
    this->Pump();
  }

  absl::Status OpenSource() {
    absl::StatusOr<Source> source = open_(record_.call());
    if (!source.ok()) return std::move(source).status();
    record_.parts().metrics.Gauge("dramatis_streams_open", {}, +1);
    record_.SealHeaders();
    sealed_ = true;
    this->StartSendInitialMetadata();
    this->Take(*std::move(source));
    return absl::OkStatus();
  }

  bool Send(Event event) override {
    event_ = std::move(event);
    // The last one not together with the end (StartWriteAndFinish): in one process, gRPC 1.51 then
    // drops it where the client, as callback clients do, waits for the end while it is not reading
    // (inproc_transport.cc, op_state_machine_locked).
    this->StartWrite(&event_);
    return false;
  }
  absl::Status CancelledError() override { return record_.CancelledError(); }
  void End(const absl::Status& status) override {
    if (!sealed_) record_.SealHeaders();
    this->Finish(record_.End(status));
  }

  GrpcCallRecord record_;
  const google::protobuf::Message& request_;
  const Open open_;
  bool sealed_ = false;  // the initial metadata are on their way
  Event event_;
};

}  // namespace dramatis
