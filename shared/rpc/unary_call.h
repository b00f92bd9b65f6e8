// A unary RPC whose handler runs on the executor and may block. Part of the call adapter.
#pragma once

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "shared/rpc/grpc_call_record.h"

namespace dramatis {

// Deletes itself when it has answered. Uses gRPC's default reactor, whose end needs no thread of
// its own; request and response live until Finish.
template <class Request, class Response, class Handler>
class UnaryCall {
 public:
  static grpc::ServerUnaryReactor* Start(CallParts& parts,
                                         const MethodFacts& method,
                                         grpc::CallbackServerContext& context,
                                         const Request& request,
                                         Response& response,
                                         Handler handler) {
    grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
    auto* const call =
        new UnaryCall(parts, method, context, request, response, std::move(handler), *reactor);
    call->record_.Identify([call] { call->Post(); });
    return reactor;
  }

 private:
  UnaryCall(CallParts& parts,
            const MethodFacts& method,
            grpc::CallbackServerContext& context,
            const Request& request,
            Response& response,
            Handler handler,
            grpc::ServerUnaryReactor& reactor)
      : record_(parts, method, context),
        request_(request),
        response_(response),
        handler_(std::move(handler)),
        reactor_(reactor) {}

  void Post() {
    absl::Status admitted = record_.Admit();
    if (admitted.ok()) admitted = record_.Post([this] { Run(); });
    if (!admitted.ok()) Finish(admitted);
  }

  void Run() {
    absl::Status status = record_.Guarded([this] { return record_.CheckRequest(request_); });
    if (status.ok()) status = record_.Guarded([this] { return Handle(); });
    Finish(status);
  }

  absl::Status Handle() {
    if constexpr (std::is_same_v<decltype(handler_(record_.call(), request_)), absl::Status>) {
      return handler_(record_.call(), request_);
    } else {
      absl::StatusOr<Response> result = handler_(record_.call(), request_);
      if (!result.ok()) return std::move(result).status();
      response_ = *std::move(result);
      return absl::OkStatus();
    }
  }

  void Finish(const absl::Status& status) {
    record_.SealHeaders();
    const grpc::Status answer = record_.End(status);
    grpc::ServerUnaryReactor& reactor = reactor_;
    delete this;  // the request, which the handler may refer to, goes with Finish
    reactor.Finish(answer);
  }

  GrpcCallRecord record_;
  const Request& request_;
  Response& response_;
  Handler handler_;
  grpc::ServerUnaryReactor& reactor_;
};

}  // namespace dramatis
