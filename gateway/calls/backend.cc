#include "gateway/calls/backend.h"

#include <chrono>
#include <utility>

#include "shared/methods/local_wire.h"
#include "shared/rpc/status_conversion.h"

namespace dramatis::gateway {
namespace {

CallMetadata MetadataOf(const HeaderList& headers, const Identity& caller) {
  CallMetadata metadata(headers);
  metadata.SetCaller(caller);
  return metadata;
}

// "/dramatis.persona.v1.PersonaService/GetPersona" without its slash.
std::string_view NameOf(std::string_view path) {
  return path.substr(1);
}

struct GrpcUnaryCall : public OngoingCall {
  void Cancel() override { context.TryCancel(); }

  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
};

}  // namespace

Backend::Backend(std::shared_ptr<grpc::Channel> channel, const LocalMethods& local)
    : channel_(std::move(channel)), local_(local), stub_(channel_) {}

Backend::~Backend() {
  AwaitCalls();
}

void Backend::AwaitCalls() {
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(+[](int* calls) { return *calls == 0; }, &calls_));
}

void Backend::Started() {
  const absl::MutexLock lock(&mutex_);
  ++calls_;
}

void Backend::Finish(std::function<void(UnaryReply)> done, UnaryReply reply) {
  done(std::move(reply));
  done = nullptr;  // what it holds must be let go of before the call counts as finished
  Finished();
}

void Backend::Finished() {
  const absl::MutexLock lock(&mutex_);
  --calls_;
}

std::shared_ptr<OngoingCall> Backend::Call(const std::string& path,
                                           const std::string& payload,
                                           const HeaderList& metadata,
                                           const Identity& caller,
                                           absl::Duration timeout,
                                           std::function<void(UnaryReply)> done) {
  Started();
  if (const Method* const local = local_.Find(NameOf(path))) {
    return CallLocally(*local, MetadataOf(metadata, caller), absl::Now() + timeout, payload,
                       [this, done = std::move(done)](BytesReply answer) mutable {
                         UnaryReply reply;
                         reply.headers = HeadersOf(answer.headers);
                         reply.status = answer.message.status();
                         if (answer.message.ok()) {
                           reply.message = MessageBytes(*std::move(answer.message));
                         }
                         Finish(std::exchange(done, nullptr), std::move(reply));
                       });
  }
  auto unary = std::make_shared<GrpcUnaryCall>();
  AddMetadata(metadata, unary->context);
  AddCaller(caller, unary->context);
  unary->context.set_deadline(std::chrono::system_clock::now() +
                              absl::ToChronoMilliseconds(timeout));
  unary->request = ToBuffer(payload);
  stub_.UnaryCall(&unary->context, path, grpc::StubOptions(), &unary->request, &unary->response,
                  [this, unary, done = std::move(done)](const grpc::Status& status) mutable {
                    UnaryReply reply;
                    reply.headers = HeadersOf(unary->context);
                    if (status.ok()) {
                      reply.message = MessageBytes(unary->response);
                    } else {
                      reply.status = FromGrpc(status);
                    }
                    // Before Finish, after which the channel may end: gRPC's own thread, where this
                    // runs, cannot be the one that ends it.
                    unary = nullptr;
                    Finish(std::exchange(done, nullptr), std::move(reply));
                  });
  return unary;
}

std::shared_ptr<StreamCall> Backend::Stream(const RequestCall& call, std::function<void()> wake) {
  const std::string& path = call.method->path;
  const auto finished = [this] { Finished(); };
  Started();
  if (const Method* const local = local_.Find(NameOf(path))) {
    return LocalStreamCall::Start(
        [&](std::shared_ptr<LocalReader<std::string>> reader) {
          return StreamLocally(*local, MetadataOf(call.metadata, call.caller), call.payload,
                               std::move(reader));
        },
        std::move(wake), finished);
  }
  return GrpcStreamCall::Start(stub_, call, std::move(wake), finished);
}

std::shared_ptr<UploadCall> Backend::Upload(const RequestCall& call,
                                            std::function<void()> sent,
                                            std::function<void(UnaryReply)> done) {
  Started();
  return UploadCall::Start(stub_, call, std::move(sent),
                           [this, done = std::move(done)](UnaryReply reply) mutable {
                             Finish(std::exchange(done, nullptr), std::move(reply));
                           });
}

}  // namespace dramatis::gateway
