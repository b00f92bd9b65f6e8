#include "gateway/calls/backend.h"

#include <chrono>
#include <utility>

#include "shared/rpc/status_conversion.h"

namespace dramatis::gateway {
namespace {

CallMetadata MetadataOf(const HeaderList& headers, const Identity& caller) {
  CallMetadata metadata(headers);
  metadata.SetCaller(caller);
  return metadata;
}

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

std::shared_ptr<UnaryCall> Backend::Call(const std::string& path,
                                         const std::string& payload,
                                         const HeaderList& metadata,
                                         const Identity& caller,
                                         absl::Duration timeout,
                                         std::function<void(UnaryReply)> done) {
  Started();
  if (const RelayedUnary relay = local_.FindRelayedUnary(path.substr(1))) {
    relay(MetadataOf(metadata, caller), absl::Now() + timeout, payload,
          [this, done = std::move(done)](RelayReply answer) mutable {
            UnaryReply reply;
            reply.headers = HeadersOf(answer.headers);
            reply.status = answer.message.status();
            if (answer.message.ok()) reply.message = MessageBytes(*std::move(answer.message));
            Finish(std::exchange(done, nullptr), std::move(reply));
          });
    return nullptr;
  }
  auto unary = std::make_shared<UnaryCall>();
  AddMetadata(metadata, unary->context_);
  AddCaller(caller, unary->context_);
  unary->context_.set_deadline(std::chrono::system_clock::now() +
                               absl::ToChronoMilliseconds(timeout));
  unary->request_ = ToBuffer(payload);
  stub_.UnaryCall(&unary->context_, path, grpc::StubOptions(), &unary->request_, &unary->response_,
                  [this, unary, done = std::move(done)](const grpc::Status& status) mutable {
                    UnaryReply reply;
                    reply.headers = HeadersOf(unary->context_);
                    if (status.ok()) {
                      reply.message = MessageBytes(unary->response_);
                    } else {
                      reply.status = FromGrpc(status);
                    }
                    Finish(std::exchange(done, nullptr), std::move(reply));
                  });
  return unary;
}

std::shared_ptr<StreamCall> Backend::Stream(const RequestCall& call, std::function<void()> wake) {
  const std::string& path = call.method->path;
  const auto finished = [this] { Finished(); };
  Started();
  if (const RelayedStream relay = local_.FindRelayedStream(path.substr(1))) {
    return RelayedStreamCall::Start(relay, call.payload, MetadataOf(call.metadata, call.caller),
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
