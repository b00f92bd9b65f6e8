// Calls to services, as bytes: the gateway knows their messages by descriptor only.
//
//   Backend backend(channel);
//   std::shared_ptr<UnaryCall> call =
//       backend.Call(path, payload, metadata, timeout, [](UnaryReply reply) {...});
//   call->Cancel();   // the client went away
//
// Callbacks run on gRPC's threads. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/request_call.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace dramatis::gateway {

// The bytes of a message; a view where they came in one piece.
class MessageBytes {
 public:
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

struct UnaryReply {
  absl::Status status;
  grpc::ByteBuffer message;
  ReplyHeaders headers;
};

class UnaryCall {
 public:
  // The callback still comes, once.
  void Cancel() { context_.TryCancel(); }

 private:
  friend class Backend;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

// A server stream, pulled: gRPC's next message is only read while few are waiting here, so a slow
// client slows the service and nothing piles up.
class StreamCall : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  struct Batch {
    // The service has accepted the call (its initial metadata came).
    bool accepted = false;
    ReplyHeaders headers;
    std::vector<grpc::ByteBuffer> messages;
    // The stream has ended so, after `messages`.
    std::optional<absl::Status> end;
  };

  // Everything new since the last Take.
  Batch Take() ABSL_LOCKS_EXCLUDED(mutex_);
  void Cancel() ABSL_LOCKS_EXCLUDED(mutex_);

  void OnReadInitialMetadataDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  friend class Backend;
  StreamCall(std::function<void()> wake, std::function<void()> finished)
      : wake_(std::move(wake)), finished_(std::move(finished)) {}

  // Tells the consumer, unless it has been told since its last Take.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);

  std::function<void()> wake_;  // until OnDone
  const std::function<void()> finished_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer incoming_;
  std::shared_ptr<StreamCall> self_;  // until OnDone

  absl::Mutex mutex_;
  Batch batch_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;  // no read is under way, and the hold is ours
};

class Backend {
 public:
  using CallMetadata = std::vector<std::pair<std::string, std::string>>;

  explicit Backend(std::shared_ptr<grpc::Channel> channel);
  // Waits for the calls under way: cancel them before.
  ~Backend();

  std::shared_ptr<UnaryCall> Call(const std::string& path,
                                  const std::string& payload,
                                  const CallMetadata& metadata,
                                  absl::Duration timeout,
                                  std::function<void(UnaryReply)> done);
  // `wake` is called when Take has something new, from any thread, until the batch with `end` has
  // been taken.
  std::shared_ptr<StreamCall> Stream(const RequestCall& call, std::function<void()> wake);

  // Waits until no call is under way.
  void AwaitCalls() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Started() ABSL_LOCKS_EXCLUDED(mutex_);
  void Finished() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dramatis::gateway
