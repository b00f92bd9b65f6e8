// The management port: /metrics (Prometheus text), /livez, /readyz, over HTTP/1.1, on one thread.
//
//   ManagementServer server(metrics, [&] { return AllReady(); });
//   absl::StatusOr<std::string> address = server.Start("127.0.0.1:0");   // "127.0.0.1:40123"
//
// `ready` is called on the server's own thread and may block for a moment. Destroying the server
// stops it. Bounded: a request has 5 s and 8 KiB, one connection serves one request.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "shared/metrics/metrics.h"

namespace dramatis {

class ManagementServer {
 public:
  ManagementServer(const Metrics& metrics, std::function<bool()> ready);
  ~ManagementServer();

  // Listens on `address` (`host:port`, port 0 picks one). The address it got.
  absl::StatusOr<std::string> Start(const std::string& address);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace dramatis
