// A stream of a neighbour's over gRPC, to a reader that takes those of this process as well
// (LocalReader, shared/methods/local_wire.h).
//
//   std::shared_ptr<OngoingCall> call = NeighbourStream<Request, Event>::Begin(
//       call_context, kTimeout, request, reader, [&](auto* context, auto* sent, auto* reactor) {
//         stub->async()->StreamTurn(context, sent, reactor);
//       });
//
// The reader is called on threads of gRPC. Thread-safe.
#pragma once

#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/client_callback.h"
#include "shared/methods/local_wire.h"
#include "shared/methods/ongoing_call.h"
#include "shared/rpc/channel.h"

namespace dramatis {

// Keeps itself until its end.
template <class Request, class Event>
class NeighbourStream final : public OngoingCall, private grpc::ClientReadReactor<Event> {
 public:
  // `open` calls the RPC of an asynchronous stub with what it is given.
  template <class Open>
  static std::shared_ptr<OngoingCall> Begin(const CallContext& call,
                                            absl::Duration timeout,
                                            const Request& request,
                                            std::shared_ptr<LocalReader<Event>> reader,
                                            const Open& open) {
    std::shared_ptr<NeighbourStream> stream(new NeighbourStream(request, std::move(reader)));
    stream->self_ = stream;
    PrepareContext(call, timeout, stream->context_);
    grpc::ClientReadReactor<Event>* const reactor = stream.get();
    open(&stream->context_, &stream->request_, reactor);
    // Resume reads outside gRPC's callbacks: that needs a hold.
    stream->AddHold();
    stream->StartRead(&stream->event_);
    stream->StartCall();
    return stream;
  }

  void Cancel() override { context_.TryCancel(); }
  void Resume() override { this->StartRead(&event_); }

 private:
  NeighbourStream(Request request, std::shared_ptr<LocalReader<Event>> reader)
      : request_(std::move(request)), reader_(std::move(reader)) {}

  void OnReadDone(bool ok) override {
    if (!ok) return this->RemoveHold();  // OnDone says why
    if (reader_->OnEvent(std::move(event_))) this->StartRead(&event_);
  }
  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<LocalReader<Event>> reader = std::move(reader_);
    const absl::Status end = FromGrpc(status);
    // Before whoever waits for the end goes on, and the channel may end (Neighbour::Start).
    self_.reset();
    reader->OnEnd(end);
  }

  grpc::ClientContext context_;
  const Request request_;
  Event event_;
  std::shared_ptr<LocalReader<Event>> reader_;  // until OnDone
  std::shared_ptr<NeighbourStream> self_;       // until OnDone
};

}  // namespace dramatis
