// A neighbour's service, to those who call it: blocking calls, calls that hold no thread, and
// streams, each in one line. The stub is made with the first call, since there is no channel before
// the program has started.
//
//   Neighbour<v1::MemoryService> memory([&] { return context.channel("memory"); }, &local);
//   absl::StatusOr<v1::ObserveResponse> response =
//       memory.Call(&v1::MemoryService::Stub::Observe, call, kTimeout, request);
//   memory.Start("Recall", &Neighbour<v1::MemoryService>::Async::Recall, call, kTimeout, request,
//                [](absl::StatusOr<v1::RecallResponse> response) {...});
//
// Start and Stream do without gRPC where the service runs in this process (LocalMethods). A call
// carries what PrepareContext says, and ends after `timeout` or a little before its caller's
// deadline, whichever is earlier. Status details arrive intact.
//
// Thread-safe. Outlives what was begun with it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/client_callback.h"
#include "shared/methods/local_methods.h"
#include "shared/methods/local_wire.h"
#include "shared/methods/ongoing_call.h"
#include "shared/rpc/channel.h"
#include "shared/rpc/neighbour_stream.h"
#include "shared/status/errors.h"

namespace dramatis {

// Gives a channel to a neighbour.
using Connect = std::function<std::shared_ptr<grpc::Channel>()>;

// What becomes of a call over gRPC while there is no connection: it fails at once, or waits until
// its deadline for one.
enum class WhenAway { kFail, kWait };

template <class Service>
class Neighbour {
 public:
  using Stub = typename Service::Stub;
  using Async = typename Service::StubInterface::async_interface;

  // The methods of those classes.
  template <class Request, class Response>
  using BlockingMethod = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);
  template <class Request, class Response>
  using AsyncMethod = void (Async::*)(grpc::ClientContext*,
                                      const Request*,
                                      Response*,
                                      std::function<void(grpc::Status)>);
  template <class Request, class Event>
  using StreamMethod = void (Async::*)(grpc::ClientContext*,
                                       const Request*,
                                       grpc::ClientReadReactor<Event>*);

  // `local` outlives this; null where everything goes over gRPC.
  explicit Neighbour(Connect connect, const LocalMethods* local = nullptr)
      : connect_(std::move(connect)), local_(local) {}

  // A blocking call, over gRPC; for executor threads only. UNAVAILABLE after CancelAll.
  template <class Request, class Response>
  absl::StatusOr<Response> Call(BlockingMethod<Request, Response> method,
                                const CallContext& call,
                                absl::Duration timeout,
                                const Request& request) ABSL_LOCKS_EXCLUDED(mutex_) {
    grpc::ClientContext context;
    PrepareContext(call, timeout, context);
    {
      const absl::MutexLock lock(&mutex_);
      if (cancelled_) return UnavailableError("the server ends");
      blocking_.insert(&context);
    }
    Response response;
    const grpc::Status status = (stub().*method)(&context, request, &response);
    {
      const absl::MutexLock lock(&mutex_);
      blocking_.erase(&context);
    }
    if (!status.ok()) return FromGrpc(status);
    return response;
  }

  // Ends the blocking calls under way, and later ones at once.
  void CancelAll() ABSL_LOCKS_EXCLUDED(mutex_) {
    const absl::MutexLock lock(&mutex_);
    cancelled_ = true;
    for (grpc::ClientContext* const context : blocking_)
      context->TryCancel();
  }

  // `name` is the RPC's, as in "Recall". `done` is called once: on a thread of gRPC or of the
  // service, or before this returns.
  template <class Request, class Response>
  void Start(const char* name,
             AsyncMethod<Request, Response> method,
             const CallContext& call,
             absl::Duration timeout,
             const Request& request,
             std::type_identity_t<std::function<void(absl::StatusOr<Response>)>> done,
             WhenAway when_away = WhenAway::kFail) {
    if (const Method* const local = FindLocal(name)) {
      CallLocally<Response>(*local, Within(call, timeout), request, std::move(done));
      return;
    }
    struct Pending {
      grpc::ClientContext context;
      Request request;
      Response response;
    };
    auto pending = std::make_shared<Pending>();
    pending->request = request;
    PrepareContext(call, timeout, pending->context);
    pending->context.set_wait_for_ready(when_away == WhenAway::kWait);
    Pending& started = *pending;
    (stub().async()->*method)(
        &started.context, &started.request, &started.response,
        [pending = std::move(pending), done = std::move(done)](const grpc::Status& status) mutable {
          absl::StatusOr<Response> response =
              status.ok() ? absl::StatusOr<Response>(std::move(pending->response))
                          : absl::StatusOr<Response>(FromGrpc(status));
          // Before whoever waits goes on and the channel may end: gRPC's own thread, where this
          // runs, cannot be the one that ends it.
          pending = nullptr;
          done(std::move(response));
        });
  }

  // A stream of events for the reader, which is kept until its end.
  template <class Request, class Event>
  std::shared_ptr<OngoingCall> Stream(
      const char* name,
      StreamMethod<Request, Event> method,
      const CallContext& call,
      absl::Duration timeout,
      const Request& request,
      std::type_identity_t<std::shared_ptr<LocalReader<Event>>> reader) {
    if (const Method* const local = FindLocal(name)) {
      return StreamLocally<Event>(*local, Within(call, timeout), request, std::move(reader));
    }
    return NeighbourStream<Request, Event>::Begin(
        call, timeout, request, std::move(reader),
        [&](grpc::ClientContext* context, const Request* sent,
            grpc::ClientReadReactor<Event>* reactor) {
          (stub().async()->*method)(context, sent, reactor);
        });
  }

 private:
  Stub& stub() {
    std::call_once(connected_, [this] { stub_ = Service::NewStub(connect_()); });
    return *stub_;
  }
  const Method* FindLocal(const char* name) const {
    if (local_ == nullptr) return nullptr;
    return local_->Find(absl::StrCat(Service::service_full_name(), "/", name));
  }
  static CallContext Within(const CallContext& call, absl::Duration timeout) {
    CallContext within = call;
    within.deadline = CallDeadline(call, timeout);
    return within;
  }

  const Connect connect_;
  const LocalMethods* const local_;
  std::once_flag connected_;  // whichever call comes first makes the stub, the others wait for it
  std::unique_ptr<Stub> stub_;

  // Calls block threads of their own; CancelAll comes from the one that ends the program.
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<grpc::ClientContext*> blocking_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
