#include "shared/rpc/grpc_wire.h"

#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "shared/methods/server_call.h"
#include "shared/rpc/status_conversion.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using google::protobuf::Message;
using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::internal::RpcMethod;

// Null for bytes that are no message of the method's.
std::unique_ptr<Message> ParseMessage(const Method& method, ByteBuffer bytes) {
  std::unique_ptr<Message> message(method.request.New());
  const grpc::Status parsed =
      grpc::GenericDeserialize<grpc::ProtoBufferReader, Message>(&bytes, message.get());
  return parsed.ok() ? std::move(message) : nullptr;
}

grpc::Status Write(const Message& message, ByteBuffer& bytes) {
  bool owned = false;
  return grpc::GenericSerialize<grpc::ProtoBufferWriter, Message>(message, &bytes, &owned);
}

CallRecord RecordOf(const Method& method, const CallbackServerContext& context) {
  CallMetadata metadata;
  for (const auto& [name, value] : context.client_metadata())
    metadata.Add({name.data(), name.size()}, {value.data(), value.size()});
  // In the service's time, so that a use case compares it with its own clock.
  absl::Time deadline = absl::InfiniteFuture();
  if (context.deadline() != std::chrono::system_clock::time_point::max()) {
    deadline = method.parts.clock.Now() + (absl::FromChrono(context.deadline()) - absl::Now());
  }
  return {method.parts, method.facts, metadata, deadline};
}

void AddHeaders(const CallRecord& call, CallbackServerContext& context) {
  for (auto& [name, value] : call.TakeHeaders())
    context.AddInitialMetadata(name, value);
  context.AddInitialMetadata("x-correlation-id", call.call().correlation_id);
}

// The status of an answer, whose bytes are written where it is OK.
grpc::Status WriteAnswer(const absl::Status& status, const Message* response, ByteBuffer& bytes) {
  return status.ok() ? Write(*response, bytes) : ToGrpc(status);
}

// A unary call whose handler blocks. Uses gRPC's default reactor, whose end needs no thread of its
// own, but which does not tell that the caller has gone away.
class BlockingWire : public CallWire {
 public:
  static grpc::ServerUnaryReactor* Start(const Method& method,
                                         CallbackServerContext& context,
                                         const ByteBuffer& request,
                                         ByteBuffer& response) {
    grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
    auto* const wire = new BlockingWire(context, response, *reactor);
    const auto call =
        ServerCall::Make(method, *wire, RecordOf(method, context), ParseMessage(method, request));
    wire->call_ = call;
    call->Begin();
    return reactor;
  }

  bool Gone() const override { return context_.IsCancelled(); }
  void End(const absl::Status& status, Message* response, const CallRecord& call) override {
    const std::unique_ptr<BlockingWire> self(this);
    AddHeaders(call, context_);
    // Context and bytes go with Finish.
    reactor_.Finish(WriteAnswer(status, response, response_));
  }

 private:
  BlockingWire(CallbackServerContext& context,
               ByteBuffer& response,
               grpc::ServerUnaryReactor& reactor)
      : context_(context), response_(response), reactor_(reactor) {}

  CallbackServerContext& context_;
  ByteBuffer& response_;
  grpc::ServerUnaryReactor& reactor_;
  std::shared_ptr<ServerCall> call_;
};

// A unary call whose answer comes later. gRPC's until it is done with it.
class AsyncWire : public CallWire, public grpc::ServerUnaryReactor {
 public:
  static grpc::ServerUnaryReactor* Start(const Method& method,
                                         CallbackServerContext& context,
                                         const ByteBuffer& request,
                                         ByteBuffer& response) {
    auto* const wire = new AsyncWire(context, response);
    const auto call =
        ServerCall::Make(method, *wire, RecordOf(method, context), ParseMessage(method, request));
    wire->call_ = call;
    call->Begin();
    return wire;
  }

  void End(const absl::Status& status, Message* response, const CallRecord& call) override {
    AddHeaders(call, context_);
    Finish(WriteAnswer(status, response, response_));
  }
  bool Gone() const override { return context_.IsCancelled(); }
  void OnCancel() override { call_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  AsyncWire(CallbackServerContext& context, ByteBuffer& response)
      : context_(context), response_(response) {}

  CallbackServerContext& context_;
  ByteBuffer& response_;
  std::shared_ptr<ServerCall> call_;
};

// A stream of answers, one write at a time. gRPC's until it is done with it.
class StreamWire : public CallWire, public grpc::ServerWriteReactor<ByteBuffer> {
 public:
  static grpc::ServerWriteReactor<ByteBuffer>* Start(const Method& method,
                                                     CallbackServerContext& context,
                                                     const ByteBuffer& request) {
    auto* const wire = new StreamWire(context);
    const auto call =
        ServerCall::Make(method, *wire, RecordOf(method, context), ParseMessage(method, request));
    wire->call_ = call;
    call->Begin();
    return wire;
  }

  void Open(const CallRecord& call) override {
    AddHeaders(call, context_);
    open_ = true;
    StartSendInitialMetadata();
  }
  bool Send(Message& event) override {
    bytes_.Clear();
    if (!Write(event, bytes_).ok()) context_.TryCancel();
    // The last one not together with the end (StartWriteAndFinish): in one process, gRPC 1.51 then
    // drops it where the client, as callback clients do, waits for the end while it is not reading
    // (inproc_transport.cc, op_state_machine_locked).
    StartWrite(&bytes_);
    return false;
  }
  void End(const absl::Status& status, Message* /*response*/, const CallRecord& call) override {
    if (!open_) AddHeaders(call, context_);
    Finish(ToGrpc(status));
  }
  void OnWriteDone(bool ok) override { call_->Sent(ok); }
  bool Gone() const override { return context_.IsCancelled(); }
  void OnCancel() override { call_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  explicit StreamWire(CallbackServerContext& context) : context_(context) {}

  CallbackServerContext& context_;
  bool open_ = false;  // the initial metadata are on their way
  ByteBuffer bytes_;
  std::shared_ptr<ServerCall> call_;
};

// A stream of requests. gRPC's until it is done with it.
class UploadWire : public CallWire, public grpc::ServerReadReactor<ByteBuffer> {
 public:
  static grpc::ServerReadReactor<ByteBuffer>* Start(const Method& method,
                                                    CallbackServerContext& context,
                                                    ByteBuffer& response) {
    auto* const wire = new UploadWire(method, context, response);
    const auto call = std::make_shared<UploadServerCall>(method, *wire, RecordOf(method, context));
    wire->call_ = call;
    call->Begin();
    return wire;
  }

  void Receive() override { StartRead(&bytes_); }
  void End(const absl::Status& status, Message* response, const CallRecord& call) override {
    AddHeaders(call, context_);
    Finish(WriteAnswer(status, response, response_));
  }
  void OnReadDone(bool ok) override {
    if (!ok) return call_->Received(nullptr);
    std::unique_ptr<Message> message = ParseMessage(method_, bytes_);
    bytes_.Clear();
    if (message == nullptr) return call_->Received(MalformedRequestError());
    call_->Received(std::move(message));
  }
  // Known before OnCancel: what was broken off is not taken for what has come to its end.
  bool Gone() const override { return context_.IsCancelled(); }
  // The read under way ends too, without a message.
  void OnCancel() override { call_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  UploadWire(const Method& method, CallbackServerContext& context, ByteBuffer& response)
      : method_(method), context_(context), response_(response) {}

  const Method& method_;
  CallbackServerContext& context_;
  ByteBuffer& response_;
  ByteBuffer bytes_;
  std::shared_ptr<UploadServerCall> call_;
};

RpcMethod::RpcType TypeOf(const Method& method) {
  if (method.streams()) return RpcMethod::SERVER_STREAMING;
  return method.unary() ? RpcMethod::NORMAL_RPC : RpcMethod::CLIENT_STREAMING;
}

grpc::internal::MethodHandler* HandlerOf(const Method& method) {
  if (method.streams()) {
    return new grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>(
        [&method](CallbackServerContext* context, const ByteBuffer* request) {
          return StreamWire::Start(method, *context, *request);
        });
  }
  if (!method.unary()) {
    return new grpc::internal::CallbackClientStreamingHandler<ByteBuffer, ByteBuffer>(
        [&method](CallbackServerContext* context, ByteBuffer* response) {
          return UploadWire::Start(method, *context, *response);
        });
  }
  const bool blocks = std::holds_alternative<UnaryHandler>(method.handler);
  return new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
      [&method, start = blocks ? &BlockingWire::Start : &AsyncWire::Start](
          CallbackServerContext* context, const ByteBuffer* request, ByteBuffer* response) {
        return start(method, *context, *request, *response);
      });
}

}  // namespace

GrpcService::GrpcService(const MethodTable& table, Missing missing) {
  if (missing == Missing::kDie) table.CheckComplete();
  for (const std::unique_ptr<Method>& method : table.methods()) {
    if (method != nullptr) Add(*method);
  }
}

void GrpcService::Add(const Method& method) {
  const auto index = static_cast<int>(paths_.size());
  const std::string& path = paths_.emplace_back("/" + method.facts.name);
  AddMethod(new grpc::internal::RpcServiceMethod(path.c_str(), TypeOf(method), nullptr));
  MarkMethodRawCallback(index, HandlerOf(method));
}

}  // namespace dramatis
