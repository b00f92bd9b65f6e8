// A stream of a service as the gateway takes it: pulled, so that a slow client slows the service
// and nothing piles up. Over gRPC, or from a service in the same process without it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "gateway/routing/request_call.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call_metadata.h"
#include "shared/methods/local_wire.h"

namespace dramatis::gateway {

// The bytes of a message.
class MessageBytes {
 public:
  MessageBytes() = default;
  explicit MessageBytes(std::string bytes) : joined_(std::move(bytes)) {}
  // Copies only what came in several pieces.
  explicit MessageBytes(const grpc::ByteBuffer& buffer);
  std::string_view view() const;

 private:
  grpc::Slice slice_;
  std::string joined_;
  bool single_ = false;
};

// Headers of an answer that clients see.
struct ReplyHeaders {
  bool idempotency_replayed = false;
};

ReplyHeaders HeadersOf(const grpc::ClientContext& context);
ReplyHeaders HeadersOf(const HeaderList& headers);
grpc::ByteBuffer ToBuffer(const std::string& bytes);
void AddMetadata(const HeaderList& metadata, grpc::ClientContext& context);
// For whom a call is (PrepareContext in shared/rpc/channel.h).
void AddCaller(const Identity& caller, grpc::ClientContext& context);

class StreamCall {
 public:
  struct Batch {
    // The service has accepted the call.
    bool accepted = false;
    ReplyHeaders headers;
    std::vector<MessageBytes> messages;
    // The stream has ended so, after `messages`.
    std::optional<absl::Status> end;
  };

  virtual ~StreamCall() = default;

  // Everything new since the last Take.
  Batch Take() ABSL_LOCKS_EXCLUDED(mutex_);
  // What has come can still be taken; the end follows.
  void Cancel() ABSL_LOCKS_EXCLUDED(mutex_);

 protected:
  // `wake` tells that Take has something new, from any thread. Before it is taken, at most
  // `most_waiting` messages come.
  StreamCall(size_t most_waiting, std::function<void()> wake, std::function<void()> finished)
      : finished_(std::move(finished)), most_waiting_(most_waiting), wake_(std::move(wake)) {}

  // What came, by one thread at a time.
  void OnAccepted(const ReplyHeaders& headers) ABSL_LOCKS_EXCLUDED(mutex_);
  // False: enough is waiting. Nothing more until ReadOn, which may come before this returns.
  bool OnMessage(MessageBytes message) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnEnded(absl::Status status) ABSL_LOCKS_EXCLUDED(mutex_);

  // To be called after OnEnded, when the transport is done with this.
  const std::function<void()> finished_;

 private:
  // May bring messages before it returns.
  virtual void ReadOn() = 0;
  // The end still comes, once it is read.
  virtual void TryCancel() = 0;

  // Tells the consumer, unless it has been told since its last Take.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t most_waiting_;
  std::function<void()> wake_;  // until the end

  absl::Mutex mutex_;
  Batch batch_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool taking_ ABSL_GUARDED_BY(mutex_) = false;  // Take sees what comes
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;  // nothing comes until ReadOn
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

// Over gRPC. Keeps itself until its end.
class GrpcStreamCall : public StreamCall,
                       private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  static std::shared_ptr<StreamCall> Start(grpc::GenericStub& stub,
                                           const RequestCall& call,
                                           std::function<void()> wake,
                                           std::function<void()> finished);

 private:
  GrpcStreamCall(std::function<void()> wake, std::function<void()> finished);

  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;
  void ReadOn() override { StartRead(&incoming_); }
  void TryCancel() override { context_.TryCancel(); }

  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer incoming_;
  std::shared_ptr<GrpcStreamCall> self_;  // until OnDone
};

// From a service in this process. The service keeps it until its end.
class LocalStreamCall : public StreamCall, public LocalReader<std::string> {
 public:
  // Begins the service's stream, for this reader.
  using Open =
      std::function<std::shared_ptr<OngoingCall>(std::shared_ptr<LocalReader<std::string>> reader)>;

  static std::shared_ptr<StreamCall> Start(const Open& open,
                                           std::function<void()> wake,
                                           std::function<void()> finished);

  LocalStreamCall(std::function<void()> wake, std::function<void()> finished);

  void OnOpen(const HeaderList& headers) override;
  bool OnEvent(std::string event) override { return OnMessage(MessageBytes(std::move(event))); }
  void OnEnd(const absl::Status& status) override;

 private:
  void ReadOn() override;
  void TryCancel() override;
  std::shared_ptr<OngoingCall> source() ABSL_LOCKS_EXCLUDED(source_mutex_);

  absl::Mutex source_mutex_;
  bool ended_ ABSL_GUARDED_BY(source_mutex_) = false;
  // Null after the end: it has this.
  std::shared_ptr<OngoingCall> source_ ABSL_GUARDED_BY(source_mutex_);
};

}  // namespace dramatis::gateway
