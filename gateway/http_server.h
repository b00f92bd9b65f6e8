// The HTTP server: listens, spreads connections over its workers, drains.
//
//   HttpServer server(handler, limits, /*threads=*/2);
//   absl::StatusOr<std::string> address = server.Listen("127.0.0.1:0");
//   ...
//   server.Drain(absl::Now() + absl::Seconds(20));
//
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http_exchange.h"
#include "gateway/http_limits.h"
#include "gateway/http_worker.h"

namespace dramatis::gateway {

class HttpServer {
 public:
  // `handler` outlives the server.
  HttpServer(RequestHandler& handler, const HttpLimits& limits, int threads);
  // Cuts what is still open.
  ~HttpServer();

  // Listens on `host:port`; the address with the port that was picked where it was 0.
  absl::StatusOr<std::string> Listen(const std::string& address);
  // Takes no further connections, ends idle ones and streams without an end of their own, waits for
  // requests under way until `deadline` and cuts the rest.
  void Drain(absl::Time deadline);

 private:
  void Accept();
  void OnAccepted(boost::asio::ip::tcp::socket socket, size_t worker);
  void StopAccepting();
  size_t CountConnections();

  RequestHandler& handler_;
  const HttpLimits limits_;
  std::vector<std::shared_ptr<HttpWorker>> workers_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;  // after accept ran out of file descriptors
  std::atomic<int> open_{0};
  size_t next_ = 0;
  bool started_ = false;
};

}  // namespace dramatis::gateway
