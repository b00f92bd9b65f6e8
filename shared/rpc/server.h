// The gRPC server of a program: our services, gRPC health v1 by full service name, reflection v1
// and v1alpha, limits, graceful end.
//
//   DRAMATIS_ASSIGN_OR_RETURN(std::unique_ptr<RpcServer> server,
//                             RpcServer::Start("127.0.0.1:0", {&persona_service}));
//   server->SetServing("dramatis.persona.v1.PersonaService", true);
//   ...
//   server->Drain(clock.Now() + absl::Seconds(20));
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "shared/rpc/health_service.h"
#include "shared/rpc/keepalive.h"

namespace dramatis {

class RpcServer {
 public:
  // Listens on `address` (`host:port`; port 0 picks one), or on nothing where it is empty: then
  // only InProcessChannel reaches it. The services outlive the server. Every service starts
  // NOT_SERVING. UNAVAILABLE if the address cannot be taken, also if another process listens there.
  //
  // Speaks what `credentials` say; null: without TLS.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Start(
      const std::string& address,
      const std::vector<grpc::Service*>& services,
      const Keepalive& keepalive = {},
      const std::shared_ptr<grpc::ServerCredentials>& credentials = nullptr);
  // Drains without waiting, if Drain has not run.
  ~RpcServer();

  // Where it listens, with the port that was picked.
  const std::string& address() const { return address_; }
  // Health of one service; of the server as a whole (the empty name) where `service` is empty.
  void SetServing(const std::string& service, bool serving);
  // From now on every service is NOT_SERVING, for good: balancers send new calls elsewhere. Whoever
  // watches the health is told so, and the stream ends.
  void StopServing();
  // Refuses new calls, waits for those under way until `deadline`, then cancels them.
  void Drain(absl::Time deadline);
  // Reaches the services without a socket. For as long as the server lives.
  std::shared_ptr<grpc::Channel> InProcessChannel();

 private:
  RpcServer() = default;

  std::string address_;
  HealthService health_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace dramatis
