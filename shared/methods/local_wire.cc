#include "shared/methods/local_wire.h"

#include <cstdio>
#include <cstdlib>

#include "shared/methods/server_call.h"
#include "shared/status/outgoing.h"

namespace dramatis {
namespace {

using google::protobuf::Message;

// The wire of a unary call, and what keeps it until its end.
class AnswerWire : public CallWire {
 public:
  using Done = std::function<void(absl::Status status, Message* response, HeaderList headers)>;

  static std::shared_ptr<OngoingCall> Start(const Method& method,
                                            CallRecord record,
                                            std::unique_ptr<Message> request,
                                            Done done) {
    auto* const wire = new AnswerWire(std::move(done));
    const auto call = ServerCall::Make(method, *wire, std::move(record), std::move(request));
    wire->call_ = call;
    call->Begin();
    return call;
  }

  void End(const absl::Status& status, Message* response, const CallRecord& call) override {
    const std::unique_ptr<AnswerWire> self(this);
    if (status.ok()) {
      done_(status, response, call.TakeHeaders());
    } else {
      done_(ToCaller(status), nullptr, call.TakeHeaders());
    }
  }

 private:
  explicit AnswerWire(Done done) : done_(std::move(done)) {}

  const Done done_;
  std::shared_ptr<ServerCall> call_;
};

// The same of a stream. The thread that has news runs the reader.
class ReaderWire : public CallWire {
 public:
  static std::shared_ptr<OngoingCall> Start(const Method& method,
                                            CallRecord record,
                                            std::unique_ptr<Message> request,
                                            std::unique_ptr<local_wire::Reader> reader) {
    auto* const wire = new ReaderWire(*method.executor, std::move(reader));
    const auto call = ServerCall::Make(method, *wire, std::move(record), std::move(request));
    wire->call_ = call;
    call->Begin();
    return call;
  }

  void Open(const CallRecord& call) override { reader_->OnOpen(call.TakeHeaders()); }
  bool Send(Message& event) override { return reader_->OnEvent(event); }
  void End(const absl::Status& status, Message* /*response*/, const CallRecord& /*call*/) override {
    const std::unique_ptr<ReaderWire> self(this);
    reader_->OnEnd(ToCaller(status));
    // A source is not destroyed by a thread that may be within its `wake`. Where the executor has
    // stopped, nothing wakes any more.
    (void)executor_.Post([call = std::move(call_)] {});
  }

 private:
  ReaderWire(Executor& executor, std::unique_ptr<local_wire::Reader> reader)
      : executor_(executor), reader_(std::move(reader)) {}

  Executor& executor_;
  const std::unique_ptr<local_wire::Reader> reader_;
  std::shared_ptr<ServerCall> call_;
};

class BytesReader : public local_wire::Reader {
 public:
  explicit BytesReader(std::shared_ptr<LocalReader<std::string>> reader)
      : reader_(std::move(reader)) {}
  void OnOpen(const HeaderList& headers) override { reader_->OnOpen(headers); }
  bool OnEvent(Message& event) override { return reader_->OnEvent(event.SerializeAsString()); }
  void OnEnd(const absl::Status& status) override { reader_->OnEnd(status); }

 private:
  const std::shared_ptr<LocalReader<std::string>> reader_;
};

// Null for bytes that are no message of the method's.
std::unique_ptr<Message> ParseRequest(const Method& method, std::string_view bytes) {
  std::unique_ptr<Message> request(method.request.New());
  if (!request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
  return request;
}

void CheckTypes(const Method& method, const Message& request, const Message& response) {
  if (method.request.GetDescriptor() == request.GetDescriptor() &&
      method.response.GetDescriptor() == response.GetDescriptor()) {
    return;
  }
  std::fprintf(stderr, "%s is called with messages of other types\n", method.facts.name.c_str());
  std::abort();
}

}  // namespace

std::shared_ptr<OngoingCall> CallLocally(const Method& method,
                                         const CallMetadata& metadata,
                                         absl::Time deadline,
                                         std::string_view request,
                                         std::function<void(BytesReply)> done) {
  return AnswerWire::Start(
      method, CallRecord(method.parts, method.facts, metadata, deadline),
      ParseRequest(method, request),
      [done = std::move(done)](absl::Status status, const Message* response, HeaderList headers) {
        if (!status.ok()) return done({std::move(status), std::move(headers)});
        done({response->SerializeAsString(), std::move(headers)});
      });
}

std::shared_ptr<OngoingCall> StreamLocally(const Method& method,
                                           const CallMetadata& metadata,
                                           std::string_view request,
                                           std::shared_ptr<LocalReader<std::string>> reader) {
  return ReaderWire::Start(method, CallRecord(method.parts, method.facts, metadata),
                           ParseRequest(method, request),
                           std::make_unique<BytesReader>(std::move(reader)));
}

std::shared_ptr<OngoingCall> local_wire::Call(const Method& method,
                                              const CallContext& call,
                                              std::unique_ptr<Message> request,
                                              const Message& response_type,
                                              Done done) {
  CheckTypes(method, *request, response_type);
  return AnswerWire::Start(
      method, CallRecord(method.parts, method.facts, call), std::move(request),
      [done = std::move(done)](absl::Status status, Message* response, const HeaderList&) {
        done(std::move(status), response);
      });
}

std::shared_ptr<OngoingCall> local_wire::Stream(const Method& method,
                                                const CallContext& call,
                                                std::unique_ptr<Message> request,
                                                const Message& event_type,
                                                std::unique_ptr<Reader> reader) {
  CheckTypes(method, *request, event_type);
  return ReaderWire::Start(method, CallRecord(method.parts, method.facts, call), std::move(request),
                           std::move(reader));
}

}  // namespace dramatis
