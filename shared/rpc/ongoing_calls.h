// Calls to neighbours that may take long, so that they can be ended when the program ends.
//
//   OngoingCalls calls;
//   calls.Run<v1::Response>(call, kTimeout, request, method);   // as CallUnary of channel.h
//   calls.CancelAll();   // those under way end now, later ones at once
//
// Thread-safe.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "shared/rpc/channel.h"
#include "shared/status/errors.h"

namespace dramatis {

class OngoingCalls {
 public:
  // A blocking unary call; for executor threads only.
  template <class Response, class Request, class Method>
  absl::StatusOr<Response> Run(const CallContext& call,
                               absl::Duration timeout,
                               const Request& request,
                               Method method) {
    grpc::ClientContext context;
    PrepareContext(call, timeout, context);
    {
      const absl::MutexLock lock(&mutex_);
      if (cancelled_) return UnavailableError("the server ends");
      contexts_.insert(&context);
    }
    Response response;
    const grpc::Status status = method(&context, request, &response);
    {
      const absl::MutexLock lock(&mutex_);
      contexts_.erase(&context);
    }
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  void CancelAll() {
    const absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    for (grpc::ClientContext* const context : contexts_)
      context->TryCancel();
  }

 private:
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<grpc::ClientContext*> contexts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
