// An RPC that came over gRPC: what CallRecord knows of every call, and gRPC's deadline, headers to
// answer with and status. Used by the call adapter's unary_call.h, async_call.h and stream_call.h
// only.
//
// One thread at a time, but for the headers (CallContext::send_header), which any thread may add.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "shared/call/call_record.h"

namespace dramatis {

class GrpcCallRecord : public CallRecord {
 public:
  GrpcCallRecord(CallParts& parts, const MethodFacts& method, grpc::CallbackServerContext& context);

  // Also whether anybody still waits.
  absl::Status CheckRequest(const google::protobuf::Message& request) const;
  // Puts the headers into the initial metadata, once.
  void SealHeaders();
  // Says too what to answer.
  grpc::Status End(const absl::Status& status) const;

 private:
  grpc::CallbackServerContext& context_;
};

}  // namespace dramatis
