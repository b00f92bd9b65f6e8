// A call whose request is a stream of messages, over gRPC, as bytes. One message is under way at a
// time: whoever sends waits for `sent`, so that a slow service slows the client and nothing piles
// up.
//
//   auto call = UploadCall::Start(stub, request, [] { send the next piece }, [](UnaryReply) {...});
//   call->Send(message);   // `sent` is called once the next one may come
//   call->End();           // `done` follows
//
// Callbacks run on threads of gRPC. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "gateway/calls/stream_call.h"
#include "gateway/routing/request_call.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace dramatis::gateway {

struct UnaryReply {
  absl::Status status;
  MessageBytes message;  // empty where the status is an error
  ReplyHeaders headers;
};

// Keeps itself until its end.
class UploadCall : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // The call's payload is the first message; `sent` tells of it too. `done` is called once.
  static std::shared_ptr<UploadCall> Start(grpc::GenericStub& stub,
                                           const RequestCall& call,
                                           std::function<void()> sent,
                                           std::function<void(UnaryReply)> done);

  // The next message. Not before `sent` has told of the one before; without effect where the
  // service has answered already.
  void Send(const std::string& message) ABSL_LOCKS_EXCLUDED(mutex_);
  // No other message follows. As Send.
  void End() ABSL_LOCKS_EXCLUDED(mutex_);
  // `done` still comes.
  void Cancel() { context_.TryCancel(); }

 private:
  UploadCall(std::function<void()> sent, std::function<void(UnaryReply)> done)
      : sent_(std::move(sent)), done_(std::move(done)) {}

  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // Around a write that is begun outside gRPC's callbacks: false where no more may be.
  bool BeginWrite() ABSL_LOCKS_EXCLUDED(mutex_);
  void WriteBegun() ABSL_LOCKS_EXCLUDED(mutex_);
  void Release() ABSL_LOCKS_EXCLUDED(mutex_);

  grpc::ClientContext context_;
  grpc::ByteBuffer outgoing_;
  grpc::ByteBuffer incoming_;
  MessageBytes message_;
  std::function<void()> sent_;
  std::function<void(UnaryReply)> done_;
  std::shared_ptr<UploadCall> self_;  // until OnDone

  absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_) = true;        // the service has not answered
  bool beginning_ ABSL_GUARDED_BY(mutex_) = false;  // a write
  bool held_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace dramatis::gateway
