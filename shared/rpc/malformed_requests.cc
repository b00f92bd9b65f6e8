#include "shared/rpc/malformed_requests.h"

#include <string>
#include <string_view>

#include "dramatis/errors/v1/errors.pb.h"

#include "grpcpp/server_context.h"
#include "shared/call/call.h"
#include "shared/ids/ids.h"
#include "shared/rpc/status_conversion.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

constexpr char kCorrelation[] = "x-correlation-id";

// The caller's id, or a new one.
std::string CorrelationOf(ServerRpcInfo& info, const Clock& clock) {
  const auto& metadata = info.server_context()->client_metadata();
  const auto found = metadata.find(kCorrelation);
  std::string given;
  if (found != metadata.end()) given.assign(found->second.data(), found->second.size());
  return IsCorrelationId(given) ? given : UuidV7Source(clock).NewId();
}

class Watch : public grpc::experimental::Interceptor {
 public:
  Watch(ServerRpcInfo& info, const Clock& clock, Logger& logger, Metrics& metrics)
      : info_(info), clock_(clock), logger_(logger), metrics_(metrics) {}

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        methods->GetRecvMessage() == nullptr) {
      correlation_id_ = CorrelationOf(info_, clock_);
    }
    if (!correlation_id_.empty()) Answer(*methods);
    methods->Proceed();
  }

 private:
  void Answer(InterceptorBatchMethods& methods) {
    if (methods.QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods.GetSendInitialMetadata()->emplace(kCorrelation, correlation_id_);
    }
    if (methods.QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      const absl::Status error = MalformedRequestError();
      methods.ModifySendStatus(ToGrpc(error));
      Report(error);
    }
  }

  void Report(const absl::Status& error) {
    const std::string method(info_.method() + 1);  // without its slash
    const std::string code = absl::StatusCodeToString(error.code());
    metrics_.Count("dramatis_rpc_requests_total", {{"method", method}, {"code", code}});
    if (!logger_.Enabled(LogLevel::kInfo)) return;
    logger_.Log(LogLevel::kInfo, "call failed",
                {{"method", method},
                 {"code", code},
                 {"reason", GetReason(error)},
                 {"error", std::string(error.message())},
                 {"correlation_id", correlation_id_}});
  }

  ServerRpcInfo& info_;
  const Clock& clock_;
  Logger& logger_;
  Metrics& metrics_;
  std::string correlation_id_;  // set: the request is no message
};

}  // namespace

absl::Status MalformedRequestError() {
  return Error(absl::StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_VALIDATION_FAILED,
               "the request's bytes are not this method's message, or a text in it is not UTF-8");
}

grpc::experimental::Interceptor* MalformedRequests::CreateServerInterceptor(ServerRpcInfo* info) {
  // Nothing of ours takes a stream.
  const bool one_request = info->type() == ServerRpcInfo::Type::UNARY ||
                           info->type() == ServerRpcInfo::Type::SERVER_STREAMING;
  const bool ours = std::string_view(info->method()).starts_with("/dramatis.");
  if (!one_request || !ours) return nullptr;
  return new Watch(*info, clock_, logger_, metrics_);
}

}  // namespace dramatis
