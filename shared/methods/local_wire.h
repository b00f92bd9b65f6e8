// Calls within the process: the caller's end, and the wire between (call_wire.h). Neighbours call
// with messages; the gateway, which knows messages as bytes only, with bytes.
//
// The answer comes on a thread of the RPC's executor, or of whoever had the news, or, where a step
// refuses the call, before the function returns.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "shared/call/call.h"
#include "shared/call/call_metadata.h"
#include "shared/methods/method.h"
#include "shared/methods/ongoing_call.h"

namespace dramatis {

// Takes a stream: that it is open, events, then one end and nothing more. Called by one thread at a
// time; returns at once.
template <class Event>
class LocalReader {
 public:
  virtual ~LocalReader() = default;
  // The service has taken the call; what it sends with its answer. Not called where it refuses.
  virtual void OnOpen(const HeaderList& /*headers*/) {}
  // False: no more, until OngoingCall::Resume.
  virtual bool OnEvent(Event event) = 0;
  virtual void OnEnd(const absl::Status& status) = 0;
};

// What a call is answered that was made of bytes.
struct BytesReply {
  absl::StatusOr<std::string> message;
  HeaderList headers;
};

// A unary call by its caller's metadata and the request's bytes. `done` is called once.
std::shared_ptr<OngoingCall> CallLocally(const Method& method,
                                         const CallMetadata& metadata,
                                         absl::Time deadline,
                                         std::string_view request,
                                         std::function<void(BytesReply)> done);
// A stream likewise; each event is its bytes. The reader is kept until the end.
std::shared_ptr<OngoingCall> StreamLocally(const Method& method,
                                           const CallMetadata& metadata,
                                           std::string_view request,
                                           std::shared_ptr<LocalReader<std::string>> reader);

namespace local_wire {

using google::protobuf::Message;

// `response` is null where the status is an error; it may be moved from.
using Done = std::function<void(absl::Status status, Message* response)>;
// As LocalReader, of messages of any type.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual void OnOpen(const HeaderList& headers) = 0;
  virtual bool OnEvent(Message& event) = 0;
  virtual void OnEnd(const absl::Status& status) = 0;
};

template <class Event>
class TypedReader : public Reader {
 public:
  explicit TypedReader(std::shared_ptr<LocalReader<Event>> reader) : reader_(std::move(reader)) {}
  void OnOpen(const HeaderList& headers) override { reader_->OnOpen(headers); }
  bool OnEvent(Message& event) override {
    return reader_->OnEvent(std::move(static_cast<Event&>(event)));
  }
  void OnEnd(const absl::Status& status) override { reader_->OnEnd(status); }

 private:
  const std::shared_ptr<LocalReader<Event>> reader_;
};

std::shared_ptr<OngoingCall> Call(const Method& method,
                                  const CallContext& call,
                                  std::unique_ptr<Message> request,
                                  const Message& response_type,
                                  Done done);
std::shared_ptr<OngoingCall> Stream(const Method& method,
                                    const CallContext& call,
                                    std::unique_ptr<Message> request,
                                    const Message& event_type,
                                    std::unique_ptr<Reader> reader);

}  // namespace local_wire

// A neighbour's unary call. Of `call` the service gets what would cross a call over gRPC: identity,
// ids and deadline, which is the call's own. Dies where the messages are not the RPC's. `done` is
// called once.
template <class Response, class Request>
std::shared_ptr<OngoingCall> CallLocally(const Method& method,
                                         const CallContext& call,
                                         Request request,
                                         std::function<void(absl::StatusOr<Response>)> done) {
  return local_wire::Call(
      method, call, std::make_unique<Request>(std::move(request)), Response::default_instance(),
      [done = std::move(done)](absl::Status status, google::protobuf::Message* response) {
        if (!status.ok()) return done(std::move(status));
        done(std::move(static_cast<Response&>(*response)));
      });
}
// A stream likewise. The reader is kept until the end.
template <class Event, class Request>
std::shared_ptr<OngoingCall> StreamLocally(const Method& method,
                                           const CallContext& call,
                                           Request request,
                                           std::shared_ptr<LocalReader<Event>> reader) {
  return local_wire::Stream(method, call, std::make_unique<Request>(std::move(request)),
                            Event::default_instance(),
                            std::make_unique<local_wire::TypedReader<Event>>(std::move(reader)));
}

}  // namespace dramatis
