#include "shared/rpc/testing/wires.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "shared/methods/local_wire.h"
#include "shared/rpc/status_conversion.h"

namespace dramatis {
namespace {

std::string Find(const HeaderList& headers, const std::string& name) {
  for (const auto& [header, value] : headers) {
    if (header == name) return value;
  }
  return "";
}

HeaderList HeadersOf(const grpc::ClientContext& context) {
  HeaderList headers;
  for (const auto& [name, value] : context.GetServerInitialMetadata())
    headers.emplace_back(std::string(name.data(), name.size()),
                         std::string(value.data(), value.size()));
  return headers;
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

void Prepare(const Sent& sent, grpc::ClientContext& context) {
  if (!sent.authorization.empty()) context.AddMetadata("authorization", sent.authorization);
  for (const auto& [name, value] : sent.headers)
    context.AddMetadata(name, value);
  if (sent.timeout != absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + sent.timeout));
  }
}

CallMetadata MetadataOf(const Sent& sent) {
  CallMetadata metadata(sent.headers);
  if (!sent.authorization.empty()) metadata.Add("authorization", sent.authorization);
  return metadata;
}

struct GrpcCall {
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
};

// Reads one event at a time, over gRPC.
class GrpcStream : public TestStream,
                   public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  GrpcStream(const std::shared_ptr<grpc::Channel>& channel,
             const std::string& path,
             const std::string& request,
             const Sent& sent)
      : stub_(channel), request_(BufferOf(request)) {
    Prepare(sent, context_);
    stub_.PrepareBidiStreamingCall(&context_, path, grpc::StubOptions(), this);
    AddHold();  // reads begin outside gRPC's callbacks
    StartWriteLast(&request_, grpc::WriteOptions());
    StartCall();
  }
  ~GrpcStream() override {
    context_.TryCancel();
    (void)Finish();
  }

  void AwaitOpen() override {
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&open_));
  }
  std::optional<std::string> Next() override {
    {
      const absl::MutexLock lock(&mutex_);
      if (over_) return std::nullopt;
      read_ = false;
    }
    StartRead(&event_);
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&read_));
    if (over_) return std::nullopt;
    return BytesOf(event_);
  }
  absl::Status Finish() override {
    while (Next().has_value()) {
    }
    const absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&done_));
    return status_;
  }
  void Cancel() override { context_.TryCancel(); }
  std::string Header(const std::string& name) override { return Find(HeadersOf(context_), name); }

 private:
  void OnReadInitialMetadataDone(bool /*ok*/) override {
    const absl::MutexLock lock(&mutex_);
    open_ = true;
  }
  void OnReadDone(bool ok) override {
    if (!ok) RemoveHold();
    const absl::MutexLock lock(&mutex_);
    read_ = true;
    over_ = !ok;
  }
  void OnDone(const grpc::Status& status) override {
    const absl::MutexLock lock(&mutex_);
    status_ = FromGrpc(status);
    open_ = done_ = true;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer event_;
  absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  bool read_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

// The same within the process.
class ProcessStream : public TestStream {
 public:
  ProcessStream(const Method& method, const std::string& request, const Sent& sent)
      : reader_(std::make_shared<Reader>()),
        call_(StreamLocally(method, MetadataOf(sent), request, reader_)) {}
  ~ProcessStream() override {
    Cancel();
    (void)Finish();
  }

  void AwaitOpen() override {
    const absl::MutexLock lock(&reader_->mutex);
    reader_->mutex.Await(absl::Condition(reader_.get(), &Reader::IsOpen));
  }
  std::optional<std::string> Next() override {
    std::optional<std::string> event;
    {
      const absl::MutexLock lock(&reader_->mutex);
      reader_->mutex.Await(absl::Condition(reader_.get(), &Reader::HasNews));
      event.swap(reader_->event);
    }
    if (event.has_value()) call_->Resume();
    return event;
  }
  absl::Status Finish() override {
    while (Next().has_value()) {
    }
    const absl::MutexLock lock(&reader_->mutex);
    return *reader_->end;
  }
  void Cancel() override { call_->Cancel(); }
  std::string Header(const std::string& name) override {
    const absl::MutexLock lock(&reader_->mutex);
    return reader_->headers.has_value() ? Find(*reader_->headers, name) : "";
  }

 private:
  // Has enough after each event.
  struct Reader : public LocalReader<std::string> {
    void OnOpen(const HeaderList& sent) override {
      const absl::MutexLock lock(&mutex);
      headers = sent;
    }
    bool OnEvent(std::string bytes) override {
      const absl::MutexLock lock(&mutex);
      event = std::move(bytes);
      return false;
    }
    void OnEnd(const absl::Status& status) override {
      const absl::MutexLock lock(&mutex);
      end = status;
    }
    bool IsOpen() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return headers.has_value() || end.has_value();
    }
    bool HasNews() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return event.has_value() || end.has_value();
    }

    absl::Mutex mutex;
    std::optional<HeaderList> headers ABSL_GUARDED_BY(mutex);
    std::optional<std::string> event ABSL_GUARDED_BY(mutex);
    std::optional<absl::Status> end ABSL_GUARDED_BY(mutex);
  };

  const std::shared_ptr<Reader> reader_;
  const std::shared_ptr<OngoingCall> call_;
};

}  // namespace

std::string NameOf(Via via) {
  return via == Via::kGrpc ? "Grpc" : "Process";
}

std::string Reply::Header(const std::string& name) const {
  return Find(headers, name);
}

TestWires::TestWires(const MethodTable& table)
    : service_(table.service()),
      server_({&table}, GrpcService::Missing::kUnimplemented),
      channel_(server_.channel()) {
  local_.Add(table);
}

PendingReply TestWires::Start(Via via,
                              const std::string& rpc,
                              const std::string& request,
                              const Sent& sent) {
  const std::string name = absl::StrCat(service_, "/", rpc);
  auto promise = std::make_shared<std::promise<Reply>>();
  std::future<Reply> reply = promise->get_future();
  if (via == Via::kProcess) {
    auto call =
        CallLocally(*local_.Find(name), MetadataOf(sent), absl::Now() + sent.timeout, request,
                    [promise](BytesReply answer) {
                      promise->set_value({std::move(answer.message), std::move(answer.headers)});
                    });
    return {std::move(reply), [call] { call->Cancel(); }};
  }
  auto call = std::make_shared<GrpcCall>();
  Prepare(sent, call->context);
  call->request = BufferOf(request);
  grpc::GenericStub(channel_).UnaryCall(
      &call->context, absl::StrCat("/", name), grpc::StubOptions(), &call->request, &call->response,
      [call, promise](const grpc::Status& status) mutable {
        Reply answer{BytesOf(call->response), HeadersOf(call->context)};
        if (!status.ok()) answer.message = FromGrpc(status);
        call = nullptr;  // its channel is not to end on gRPC's own thread
        promise->set_value(std::move(answer));
      });
  return {std::move(reply), [call] { call->context.TryCancel(); }};
}

std::unique_ptr<TestStream> TestWires::Stream(Via via,
                                              const std::string& rpc,
                                              const std::string& request,
                                              const Sent& sent) {
  const std::string name = absl::StrCat(service_, "/", rpc);
  if (via == Via::kGrpc) {
    return std::make_unique<GrpcStream>(channel_, absl::StrCat("/", name), request, sent);
  }
  return std::make_unique<ProcessStream>(*local_.Find(name), request, sent);
}

}  // namespace dramatis
