// One RPC under way, without its message types: who calls, whether they may, the headers to answer
// with, and at the end its one log record, its metrics and its gRPC status. Used by the call
// adapter's unary_call.h, async_call.h and stream_call.h only.
//
// One thread at a time, but for the headers (CallContext::send_header), which any thread may add.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dramatis/options/v1/options.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call.h"
#include "shared/executor/executor.h"
#include "shared/ids/ids.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/status/errors.h"
#include "shared/time/clock.h"

namespace dramatis {

// What an adapter's calls share; outlives them.
struct CallParts {
  Executor& executor;
  const Clock& clock;
  Logger& logger;
  Metrics& metrics;
  UuidV7Source ids;
};

// What is known of an RPC before any call.
struct MethodFacts {
  std::string name;  // "dramatis.persona.v1.PersonaService/GetPersona"
  options::v1::Access access;
  Metrics::Series answered;  // its calls that end well
  Metrics::Series duration;
};

// Headers that a use case adds to its answer. Kept apart from the call, since a copy of its
// CallContext may outlive it: what is added after the answer has gone is dropped. Thread-safe.
class AnswerHeaders {
 public:
  // A value that is not printable ASCII is left out.
  void Add(const std::string& name, const std::string& value);
  // What was added; nothing can be added afterwards.
  std::vector<std::pair<std::string, std::string>> Take();

 private:
  absl::Mutex mutex_;
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::pair<std::string, std::string>> headers_ ABSL_GUARDED_BY(mutex_);
};

class CallRecord {
 public:
  CallRecord(CallParts& parts, const MethodFacts& method, grpc::CallbackServerContext& context);

  // Reads the metadata and decides whether the caller may call this at all. Cheap: for gRPC's own
  // threads.
  absl::Status Admit();
  // Before the handler runs: whether anybody still waits, and the field rules.
  absl::Status CheckRequest(const google::protobuf::Message& request) const;
  // Puts the headers into the initial metadata, once.
  void SealHeaders();
  // Counts and logs the call, in the audit log too where it is for admins, and says what to answer.
  grpc::Status End(const absl::Status& status);

  // CANCELLED, or DEADLINE_EXCEEDED where that is why the caller stopped waiting.
  absl::Status CancelledError() const;

  const CallContext& call() const { return call_; }
  CallParts& parts() const { return parts_; }

 private:
  void ReadMetadata(std::vector<std::string>& authorizations);
  void Log(const absl::Status& status, absl::Duration duration) const;

  CallParts& parts_;
  const MethodFacts& method_;
  grpc::CallbackServerContext& context_;
  const int64_t start_nanos_;
  CallContext call_;
  bool bad_idempotency_key_ = false;
  std::shared_ptr<AnswerHeaders> headers_;
};

// RESOURCE_EXHAUSTED, OVERLOADED, to be tried again after a second.
absl::Status OverloadedError();
// Logs what a handler threw and makes it INTERNAL. Call it inside a catch (...).
absl::Status ThrownError();

// Runs `function`; what it throws becomes INTERNAL.
template <class Function>
auto Guarded(Function function) -> decltype(function()) {
  try {
    return function();
  } catch (...) {
    return ThrownError();
  }
}

}  // namespace dramatis
