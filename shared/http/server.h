// The HTTP server: listens, spreads connections over its workers, drains.
//
//   HttpServer server(handler, limits, /*threads=*/2);
//   absl::StatusOr<std::string> address = server.Listen("127.0.0.1:0", "DRAMATIS_HTTP_ADDRESS");
//   ...
//   server.Drain(absl::Now() + absl::Seconds(20));
//
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/http/limits.h"
#include "shared/http/responder.h"
#include "shared/http/tls.h"
#include "shared/http/worker.h"

namespace dramatis {

class HttpServer {
 public:
  // `handler` outlives the server. `tls` is null for plain HTTP; where it is there, a client that
  // speaks plain HTTP is served as well, with HttpRequest::tls false.
  HttpServer(HttpHandler& handler,
             const HttpLimits& limits,
             int threads,
             std::shared_ptr<const TlsContext> tls = nullptr);
  // Cuts what is still open.
  ~HttpServer();

  // Listens on `host:port`, which `setting` gave; the address with the port that was picked where
  // it was 0. UNAVAILABLE, or INVALID_ARGUMENT without a port, name the setting.
  absl::StatusOr<std::string> Listen(const std::string& address, const std::string& setting);
  // Takes no further connections, ends idle ones and streams without an end of their own, waits for
  // requests under way until `deadline` and cuts the rest.
  void Drain(absl::Time deadline);

 private:
  // On the first worker's thread.
  void Accept();
  // `error` is would_block where nobody waits.
  void AcceptOne(boost::system::error_code& error);
  // The first of those with the fewest connections: the thread that accepts serves them itself
  // where it may, since another one would have to be woken.
  const std::shared_ptr<HttpWorker>& LeastBusy() const;
  int CountOpen() const;
  void StopAccepting();
  size_t CountConnections();

  HttpHandler& handler_;
  const HttpLimits limits_;
  const std::shared_ptr<const TlsContext> tls_;
  std::vector<std::shared_ptr<HttpWorker>> workers_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;  // after accept ran out of file descriptors
  bool started_ = false;
};

}  // namespace dramatis
