// RPCs that services of one process call on each other without gRPC: the same handler, access,
// field rules, executor, metrics and log record, but no transport, which hands an in-process call
// to two threads more and costs more than most handlers (docs/adr/0008-local-calls.md).
//
//   // whoever answers (ServiceAdapter::OfferUnary)
//   rpc.OfferUnary<RecallRequest, RecallResponse>(context.local, "Recall", handler);
//   // whoever calls: null where the service runs elsewhere
//   if (const auto recall = context.local.FindUnary<RecallRequest, RecallResponse>(name)) {
//     recall(call, request, [](absl::StatusOr<RecallResponse> response) {...});
//   }
//
// The gateway, which knows messages as bytes only, relays what clients call: RelayedUnary and
// RelayedStream.
//
// Thread-safe.
#pragma once

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "shared/call/call.h"
#include "shared/call/call_metadata.h"

namespace dramatis {

// A call as its caller means it: `call.deadline` is the call's own. `done` is called once, by a
// thread of the service's executor, or at once where it is too busy.
template <class Request, class Response>
using LocalUnary = std::function<void(
    const CallContext& call, Request request, std::function<void(absl::StatusOr<Response>)> done)>;

// Takes a stream: that it is open, events, then one end and nothing more. Called by one thread at a
// time; returns at once.
template <class Event>
class LocalReader {
 public:
  virtual ~LocalReader() = default;
  // The service has taken the call; what it sends with its answer. Not called where it refuses.
  virtual void OnOpen(const HeaderList& /*headers*/) {}
  // False: no more, until LocalStream::Resume.
  virtual bool OnEvent(Event event) = 0;
  virtual void OnEnd(const absl::Status& status) = 0;
};

// A stream under way. For any thread.
class LocalStream {
 public:
  virtual ~LocalStream() = default;
  // Stops it: its end follows soon; of a stream that waits for Resume, after that. No effect after
  // the end.
  virtual void Cancel() = 0;
  // Goes on after an event that OnEvent has answered, or will answer, with false; once for each.
  // May call the reader before it returns.
  virtual void Resume() = 0;
};

// The reader is kept until the end.
template <class Request, class Event>
using LocalStreaming = std::function<std::shared_ptr<LocalStream>(
    const CallContext& call, Request request, std::shared_ptr<LocalReader<Event>> reader)>;

// What a call is answered that was made of bytes.
struct RelayReply {
  absl::StatusOr<std::string> message;
  HeaderList headers;
};

// A unary call by its caller's metadata and the request's bytes. `done` is called once, by a thread
// of the service or before this returns.
using RelayedUnary = std::function<void(const CallMetadata& metadata,
                                        absl::Time deadline,
                                        std::string_view request,
                                        std::function<void(RelayReply)> done)>;

// The same of a stream; each event is its bytes. Null where it has ended before this returned.
using RelayedStream =
    std::function<std::shared_ptr<LocalStream>(const CallMetadata& metadata,
                                               std::string_view request,
                                               std::shared_ptr<LocalReader<std::string>> reader)>;

class LocalMethods {
 public:
  // `name`: "dramatis.memory.v1.MemoryService/Recall". A method may be there in several forms.
  template <class Method>
  void Add(const std::string& name, Method method) {
    const absl::MutexLock lock(&mutex_);
    methods_[{name, typeid(Method)}] = std::move(method);
  }

  // Null where this process has no such method.
  template <class Request, class Response>
  LocalUnary<Request, Response> FindUnary(const std::string& name) const {
    return Find<LocalUnary<Request, Response>>(name);
  }
  template <class Request, class Event>
  LocalStreaming<Request, Event> FindStreaming(const std::string& name) const {
    return Find<LocalStreaming<Request, Event>>(name);
  }
  RelayedUnary FindRelayedUnary(const std::string& name) const { return Find<RelayedUnary>(name); }
  RelayedStream FindRelayedStream(const std::string& name) const {
    return Find<RelayedStream>(name);
  }

 private:
  template <class Method>
  Method Find(const std::string& name) const {
    const absl::ReaderMutexLock lock(&mutex_);
    const auto found = methods_.find({name, typeid(Method)});
    if (found == methods_.end()) return nullptr;
    return std::any_cast<Method>(found->second);
  }

  mutable absl::Mutex mutex_;
  std::map<std::pair<std::string, std::type_index>, std::any> methods_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
