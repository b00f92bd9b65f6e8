#include "gateway/backend.h"

#include <chrono>
#include <utility>

#include "shared/rpc/status_conversion.h"

namespace dramatis::gateway {
namespace {

// What may wait here for a slow client before the service is no longer read.
constexpr size_t kMostWaitingMessages = 64;
constexpr size_t kMostWaitingBytes = 64 * 1024;

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

void AddMetadata(const Backend::CallMetadata& metadata, grpc::ClientContext& context) {
  for (const auto& [name, value] : metadata)
    context.AddMetadata(name, value);
}

ReplyHeaders HeadersOf(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto replayed = metadata.find("idempotency-replayed");
  return {replayed != metadata.end() && replayed->second == "true"};
}

}  // namespace

MessageBytes::MessageBytes(const grpc::ByteBuffer& buffer) {
  single_ = buffer.TrySingleSlice(&slice_).ok();
  if (single_) return;
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return;
  for (const grpc::Slice& slice : slices) {
    joined_.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
}

std::string_view MessageBytes::view() const {
  if (!single_) return joined_;
  return {reinterpret_cast<const char*>(slice_.begin()), slice_.size()};
}

Backend::Backend(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)), stub_(channel_) {}

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

void Backend::Finished() {
  const absl::MutexLock lock(&mutex_);
  --calls_;
}

std::shared_ptr<UnaryCall> Backend::Call(const std::string& path,
                                         const std::string& payload,
                                         const CallMetadata& metadata,
                                         absl::Duration timeout,
                                         std::function<void(UnaryReply)> done) {
  auto unary = std::make_shared<UnaryCall>();
  AddMetadata(metadata, unary->context_);
  unary->context_.set_deadline(std::chrono::system_clock::now() +
                               absl::ToChronoMilliseconds(timeout));
  unary->request_ = ToBuffer(payload);
  Started();
  stub_.UnaryCall(&unary->context_, path, grpc::StubOptions(), &unary->request_, &unary->response_,
                  [this, unary, done = std::move(done)](const grpc::Status& status) mutable {
                    UnaryReply reply;
                    reply.headers = HeadersOf(unary->context_);
                    if (status.ok()) {
                      reply.message.Swap(&unary->response_);
                    } else {
                      reply.status = FromGrpc(status);
                    }
                    // What it holds must be let go of before the call counts as finished.
                    std::exchange(done, nullptr)(std::move(reply));
                    Finished();
                  });
  return unary;
}

std::shared_ptr<StreamCall> Backend::Stream(const RequestCall& call, std::function<void()> wake) {
  std::shared_ptr<StreamCall> stream(new StreamCall(std::move(wake), [this] { Finished(); }));
  stream->self_ = stream;
  AddMetadata(call.metadata, stream->context_);
  stream->request_ = ToBuffer(call.payload);
  Started();
  stub_.PrepareBidiStreamingCall(&stream->context_, call.method->path, grpc::StubOptions(),
                                 stream.get());
  // Reads are also started from Take, outside gRPC's callbacks: that needs a hold.
  stream->AddHold();
  stream->StartWriteLast(&stream->request_, grpc::WriteOptions());
  stream->StartRead(&stream->incoming_);
  stream->StartCall();
  return stream;
}

void StreamCall::Wake() {
  {
    const absl::MutexLock lock(&mutex_);
    if (woken_) return;
    woken_ = true;
  }
  wake_();
}

void StreamCall::OnReadInitialMetadataDone(bool ok) {
  if (!ok) return;
  {
    const absl::MutexLock lock(&mutex_);
    batch_.accepted = true;
    batch_.headers = HeadersOf(context_);
  }
  Wake();
}

void StreamCall::OnReadDone(bool ok) {
  if (!ok) {
    RemoveHold();
    return;
  }
  bool read_on = false;
  {
    const absl::MutexLock lock(&mutex_);
    waiting_bytes_ += incoming_.Length();
    batch_.messages.emplace_back();
    batch_.messages.back().Swap(&incoming_);
    read_on = batch_.messages.size() < kMostWaitingMessages && waiting_bytes_ < kMostWaitingBytes;
    paused_ = !read_on;
  }
  Wake();
  if (read_on) StartRead(&incoming_);
}

void StreamCall::OnDone(const grpc::Status& status) {
  {
    const absl::MutexLock lock(&mutex_);
    batch_.end = status.ok() ? absl::OkStatus() : FromGrpc(status);
  }
  Wake();
  // What the consumer's callback holds may hold this.
  wake_ = nullptr;
  const std::function<void()> finished = finished_;
  self_.reset();
  finished();
}

StreamCall::Batch StreamCall::Take() {
  Batch batch;
  bool read_on = false;
  {
    const absl::MutexLock lock(&mutex_);
    std::swap(batch, batch_);
    waiting_bytes_ = 0;
    woken_ = false;
    read_on = std::exchange(paused_, false);
  }
  if (read_on) StartRead(&incoming_);
  return batch;
}

void StreamCall::Cancel() {
  context_.TryCancel();
  bool read_on = false;
  {
    const absl::MutexLock lock(&mutex_);
    read_on = std::exchange(paused_, false);
  }
  // Which fails at once, and lets go of the hold.
  if (read_on) StartRead(&incoming_);
}

}  // namespace dramatis::gateway
