// An RPC that came over gRPC: what CallRecord knows of every call, and metadata, headers to answer
// with and a gRPC status at the end. Used by the call adapter's unary_call.h, async_call.h and
// stream_call.h only.
//
// One thread at a time, but for the headers (CallContext::send_header), which any thread may add.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call_record.h"

namespace dramatis {

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

class GrpcCallRecord : public CallRecord {
 public:
  GrpcCallRecord(CallParts& parts, const MethodFacts& method, grpc::CallbackServerContext& context);

  // Reads the metadata too. For gRPC's own threads.
  absl::Status Admit();
  // Also whether anybody still waits.
  absl::Status CheckRequest(const google::protobuf::Message& request) const;
  // Puts the headers into the initial metadata, once.
  void SealHeaders();
  // Says too what to answer.
  grpc::Status End(const absl::Status& status) const;

 private:
  void ReadMetadata(std::vector<std::string>& authorizations);

  grpc::CallbackServerContext& context_;
  bool bad_idempotency_key_ = false;
  std::shared_ptr<AnswerHeaders> headers_;
};

}  // namespace dramatis
