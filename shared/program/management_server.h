// The management port: /metrics (Prometheus text), /livez, /readyz, over HTTP/1.1, on one thread
// and another one for `ready`, so that a database that hangs does not hide that the process lives.
//
//   ManagementServer server(metrics, [&] { return AllReady(); });
//   absl::StatusOr<std::string> address = server.Start("127.0.0.1:0");   // "127.0.0.1:40123"
//
// `ready` may block for a while; it is called by one thread at a time. Destroying the server stops
// it. Bounded: at most 64 connections at once; a request has 5 s and 8 KiB, and no body.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "shared/http/server.h"
#include "shared/metrics/metrics.h"

namespace dramatis {

class ManagementServer {
 public:
  ManagementServer(const Metrics& metrics, std::function<bool()> ready);
  ~ManagementServer();

  // Listens on `address` (`host:port`, port 0 picks one). The address it got.
  absl::StatusOr<std::string> Start(const std::string& address);

 private:
  class Handler;

  const std::unique_ptr<Handler> handler_;
  HttpServer server_;
};

}  // namespace dramatis
