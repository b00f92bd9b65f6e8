// gRPC health v1 (https://github.com/grpc/grpc/blob/master/doc/health-checking.md), as gRPC's own
// does it, but that the end of the program ends a Watch: gRPC's keeps it, and with it the server,
// until the deadline of the drain.
//
// Thread-safe. Outlives the server it is registered with.
#pragma once

#include <map>
#include <set>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"

namespace dramatis {

class HealthService : public grpc::health::v1::Health::CallbackService {
 public:
  // Of a service, from then on known; of the server as a whole where the name is empty.
  void Set(const std::string& service, bool serving) ABSL_LOCKS_EXCLUDED(mutex_);
  // Every service is NOT_SERVING, for good. Whoever watches is told so and sent elsewhere
  // (UNAVAILABLE).
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Watcher;
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;

  Status StatusOf(const std::string& service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
  std::set<Watcher*> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace dramatis
