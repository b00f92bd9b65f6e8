// How the services do, by their gRPC health: what GetHealth and the readiness probe answer.
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dramatis/gateway/v1/gateway.pb.h"

#include "absl/time/time.h"
#include "gateway/calls/backend.h"
#include "gateway/routing/rpc_method.h"
#include "google/protobuf/descriptor.h"
#include "shared/http/message.h"
#include "shared/time/clock.h"

namespace dramatis::gateway {

// A gRPC service of a backend.
struct ServiceName {
  std::string backend;    // "x"
  std::string full_name;  // "dramatis.x.v1.XService"
  // The deployment is of some use while it is down.
  bool dispensable = false;
};

// The services of these files but the gateway's own and those that every backend has.
std::vector<ServiceName> ServicesOf(
    const std::vector<const google::protobuf::FileDescriptor*>& files);

struct HealthReport {
  struct Entry {
    ServiceName service;
    bool serving = false;
  };
  absl::Time time;
  std::vector<Entry> entries;

  // No service that everything needs is down.
  bool ready() const;
};

class Health {
 public:
  Health(std::vector<ServiceName> services,
         const std::map<std::string, std::unique_ptr<Backend>>& backends,
         const Clock& clock,
         absl::Duration timeout);

  // Asks every service at the same time; `done` is called once, from any thread.
  void Check(std::function<void(const HealthReport&)> done);
  // The same, waiting for the answer; at most the time-out.
  HealthReport CheckNow();

  // Whether this is the RPC whose answer Message makes.
  static bool Answers(const RpcMethod& method);
  static v1::GetHealthResponse Message(const HealthReport& report);
  static HttpAnswer ReadyAnswer(const HealthReport& report);

 private:
  const std::vector<ServiceName> services_;
  const std::map<std::string, std::unique_ptr<Backend>>& backends_;
  const Clock& clock_;
  const absl::Duration timeout_;
};

}  // namespace dramatis::gateway
