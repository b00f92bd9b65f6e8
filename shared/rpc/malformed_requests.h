// Requests over gRPC whose bytes are not the RPC's message. gRPC's callback API reads them before
// any code of ours and answers UNIMPLEMENTED without a word, uncounted; this makes of it what every
// other failed call is: INVALID_ARGUMENT that says why, counted and logged.
//
//   creators.push_back(std::make_unique<MalformedRequests>(logger, metrics));
//
// Thread-safe.
#pragma once

#include "absl/status/status.h"
#include "grpcpp/support/server_interceptor.h"
#include "shared/log/log.h"
#include "shared/metrics/metrics.h"
#include "shared/time/clock.h"

namespace dramatis {

// INVALID_ARGUMENT, VALIDATION_FAILED.
absl::Status MalformedRequestError();

class MalformedRequests : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // References outlive the server.
  MalformedRequests(Logger& logger, Metrics& metrics) : logger_(logger), metrics_(metrics) {}

  // Null for services that are not ours.
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  SystemClock clock_;
  Logger& logger_;
  Metrics& metrics_;
};

}  // namespace dramatis
