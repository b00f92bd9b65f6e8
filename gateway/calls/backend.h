// Calls to services, as bytes: the gateway knows their messages by descriptor only.
//
//   Backend backend(channel, local);
//   std::shared_ptr<OngoingCall> call =
//       backend.Call(path, payload, metadata, timeout, [](UnaryReply reply) {...});
//   call->Cancel();   // the client went away; the callback still comes
//
// Callbacks run on threads of gRPC or of the service. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "gateway/calls/stream_call.h"
#include "gateway/calls/upload_call.h"
#include "gateway/routing/request_call.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "shared/methods/local_methods.h"
#include "shared/methods/ongoing_call.h"

namespace dramatis::gateway {

class Backend {
 public:
  // `local` outlives it: what services offer there is called without the channel.
  Backend(std::shared_ptr<grpc::Channel> channel, const LocalMethods& local);
  // Waits for the calls under way: cancel them before.
  ~Backend();

  // `caller` is for whom it is called. `done` is called once, perhaps before this returns.
  std::shared_ptr<OngoingCall> Call(const std::string& path,
                                    const std::string& payload,
                                    const HeaderList& metadata,
                                    const Identity& caller,
                                    absl::Duration timeout,
                                    std::function<void(UnaryReply)> done);
  // `wake` is called when Take has something new, from any thread, until the batch with `end` has
  // been taken.
  std::shared_ptr<StreamCall> Stream(const RequestCall& call, std::function<void()> wake);

  // A call whose request is streamed; its first message is the call's payload. `sent` is called
  // after each Send that was taken, `done` once; both from any thread.
  std::shared_ptr<UploadCall> Upload(const RequestCall& call,
                                     std::function<void()> sent,
                                     std::function<void(UnaryReply)> done);

  // Waits until no call is under way.
  void AwaitCalls() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Started() ABSL_LOCKS_EXCLUDED(mutex_);
  void Finish(std::function<void(UnaryReply)> done, UnaryReply reply) ABSL_LOCKS_EXCLUDED(mutex_);
  void Finished() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<grpc::Channel> channel_;
  const LocalMethods& local_;
  grpc::GenericStub stub_;
  absl::Mutex mutex_;
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace dramatis::gateway
