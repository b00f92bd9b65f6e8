#include "gateway/calls/stream_call.h"

#include "shared/call/process_identity.h"
#include "shared/rpc/status_conversion.h"

namespace dramatis::gateway {
namespace {

// What may wait here for a slow client before the service is no longer read.
constexpr size_t kMostWaitingMessages = 64;
constexpr size_t kMostWaitingBytes = size_t{64} * 1024;
// The same of a source in this process, which joins what comes until it is asked for more.
constexpr size_t kMostWaitingLocal = 1;

constexpr char kReplayed[] = "idempotency-replayed";

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

ReplyHeaders HeadersOf(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto replayed = metadata.find(kReplayed);
  return {replayed != metadata.end() && replayed->second == "true"};
}

ReplyHeaders HeadersOf(const HeaderList& headers) {
  ReplyHeaders reply;
  for (const auto& [name, value] : headers) {
    if (name == kReplayed) reply.idempotency_replayed = value == "true";
  }
  return reply;
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return {&slice, 1};
}

void AddMetadata(const HeaderList& metadata, grpc::ClientContext& context) {
  for (const auto& [name, value] : metadata)
    context.AddMetadata(name, value);
}

void AddCaller(const Identity& caller, grpc::ClientContext& context) {
  context.AddMetadata(kIdentityEntry, FormatProcessIdentity(caller));
  const std::string authorization = FormatAuthorization(caller);
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
}

void StreamCall::Wake() {
  {
    const absl::MutexLock lock(&mutex_);
    if (woken_) return;
    woken_ = true;
  }
  // Outside the lock: the consumer may take at once.
  wake_();
}

void StreamCall::OnAccepted(const ReplyHeaders& headers) {
  {
    const absl::MutexLock lock(&mutex_);
    batch_.accepted = true;
    batch_.headers = headers;
  }
  Wake();
}

bool StreamCall::OnMessage(MessageBytes message) {
  bool read_on = false;
  {
    const absl::MutexLock lock(&mutex_);
    if (cancelled_) return true;  // on to the end
    waiting_bytes_ += message.view().size();
    batch_.messages.push_back(std::move(message));
    read_on = batch_.messages.size() < (taking_ ? kMostWaitingMessages : most_waiting_) &&
              waiting_bytes_ < kMostWaitingBytes;
    paused_ = !read_on;
    if (taking_) return read_on;
  }
  Wake();
  return read_on;
}

void StreamCall::OnEnded(absl::Status status) {
  {
    const absl::MutexLock lock(&mutex_);
    batch_.end = std::move(status);
  }
  Wake();
  // What the consumer's callback holds may hold this.
  wake_ = nullptr;
}

StreamCall::Batch StreamCall::Take() {
  Batch batch;
  {
    const absl::MutexLock lock(&mutex_);
    std::swap(batch, batch_);
    waiting_bytes_ = 0;
    woken_ = false;
    taking_ = std::exchange(paused_, false);
    if (!taking_) return batch;
  }
  // Outside the lock: a source of this process brings its messages from within.
  ReadOn();
  bool more = false;
  {
    const absl::MutexLock lock(&mutex_);
    taking_ = false;
    for (MessageBytes& message : batch_.messages)
      batch.messages.push_back(std::move(message));
    batch.end = std::move(batch_.end);
    batch_ = Batch();
    waiting_bytes_ = 0;
    more = paused_;
  }
  if (more) Wake();
  return batch;
}

void StreamCall::Cancel() {
  bool read_on = false;
  {
    const absl::MutexLock lock(&mutex_);
    cancelled_ = true;  // whatever comes from here on does not make it wait again
    read_on = std::exchange(paused_, false);
  }
  TryCancel();
  // What comes then is the end.
  if (read_on) ReadOn();
}

GrpcStreamCall::GrpcStreamCall(std::function<void()> wake, std::function<void()> finished)
    : StreamCall(kMostWaitingMessages, std::move(wake), std::move(finished)) {}

std::shared_ptr<StreamCall> GrpcStreamCall::Start(grpc::GenericStub& stub,
                                                  const RequestCall& call,
                                                  std::function<void()> wake,
                                                  std::function<void()> finished) {
  std::shared_ptr<GrpcStreamCall> stream(new GrpcStreamCall(std::move(wake), std::move(finished)));
  stream->self_ = stream;
  AddMetadata(call.metadata, stream->context_);
  AddCaller(call.caller, stream->context_);
  stream->request_ = ToBuffer(call.payload);
  stub.PrepareBidiStreamingCall(&stream->context_, call.method->path, grpc::StubOptions(),
                                stream.get());
  // Reads are also started from Take, outside gRPC's callbacks: that needs a hold.
  stream->AddHold();
  stream->StartWriteLast(&stream->request_, grpc::WriteOptions());
  stream->StartRead(&stream->incoming_);
  stream->StartCall();
  return stream;
}

void GrpcStreamCall::OnReadInitialMetadataDone(bool ok) {
  if (ok) OnAccepted(HeadersOf(context_));
}

void GrpcStreamCall::OnReadDone(bool ok) {
  // Nothing is paused now, so no other thread begins a read after this one.
  if (!ok) return RemoveHold();
  MessageBytes message(incoming_);
  incoming_.Clear();
  if (OnMessage(std::move(message))) StartRead(&incoming_);
}

void GrpcStreamCall::OnDone(const grpc::Status& status) {
  OnEnded(status.ok() ? absl::OkStatus() : FromGrpc(status));
  // A copy: this goes with the last that holds it.
  const std::function<void()> finished = finished_;
  self_.reset();
  finished();
}

LocalStreamCall::LocalStreamCall(std::function<void()> wake, std::function<void()> finished)
    : StreamCall(kMostWaitingLocal, std::move(wake), std::move(finished)) {}

std::shared_ptr<StreamCall> LocalStreamCall::Start(const Open& open,
                                                   std::function<void()> wake,
                                                   std::function<void()> finished) {
  auto stream = std::make_shared<LocalStreamCall>(std::move(wake), std::move(finished));
  auto source = open(stream);
  {
    const absl::MutexLock lock(&stream->source_mutex_);
    // It may have ended before it was here; the two would hold each other for ever.
    if (!stream->ended_) stream->source_ = std::move(source);
  }
  return stream;
}

void LocalStreamCall::OnOpen(const HeaderList& headers) {
  OnAccepted(HeadersOf(headers));
}

void LocalStreamCall::OnEnd(const absl::Status& status) {
  std::shared_ptr<OngoingCall> source;
  {
    const absl::MutexLock lock(&source_mutex_);
    ended_ = true;
    source.swap(source_);
  }
  OnEnded(status);
  finished_();
}

std::shared_ptr<OngoingCall> LocalStreamCall::source() {
  const absl::MutexLock lock(&source_mutex_);
  return source_;
}

void LocalStreamCall::ReadOn() {
  if (const auto stream = source()) stream->Resume();
}

void LocalStreamCall::TryCancel() {
  if (const auto stream = source()) stream->Cancel();
}

}  // namespace dramatis::gateway
