#include "shared/rpc/grpc_call_record.h"

#include "absl/time/clock.h"
#include "shared/rpc/status_conversion.h"

namespace dramatis {
namespace {

CallMetadata MetadataOf(const grpc::CallbackServerContext& context) {
  CallMetadata metadata;
  for (const auto& [name, value] : context.client_metadata())
    metadata.Add({name.data(), name.size()}, {value.data(), value.size()});
  return metadata;
}

}  // namespace

GrpcCallRecord::GrpcCallRecord(CallParts& parts,
                               const MethodFacts& method,
                               grpc::CallbackServerContext& context)
    : CallRecord(parts, method, MetadataOf(context)), context_(context) {
  // In the adapter's time, so that a use case compares it with its own clock.
  const auto deadline = context_.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    call_.deadline = parts_.clock.Now() + (absl::FromChrono(deadline) - absl::Now());
  }
}

absl::Status GrpcCallRecord::CheckRequest(const google::protobuf::Message& request) const {
  return context_.IsCancelled() ? CancelledError() : CallRecord::CheckRequest(request);
}

void GrpcCallRecord::SealHeaders() {
  for (auto& [name, value] : TakeHeaders())
    context_.AddInitialMetadata(name, value);
  context_.AddInitialMetadata("x-correlation-id", call_.correlation_id);
}

grpc::Status GrpcCallRecord::End(const absl::Status& status) const {
  CallRecord::End(status);
  return ToGrpc(status);
}

}  // namespace dramatis
