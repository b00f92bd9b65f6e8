#include "shared/http/server.h"

#include <algorithm>
#include <future>
#include <utility>

#include <boost/asio/ip/v6_only.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "shared/config/listen_problem.h"
#include "shared/http/connection.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

absl::Status Failed(const std::string& setting,
                    const std::string& address,
                    const error_code& error) {
  return UnavailableError(ListenProblem(setting, address, error.value()));
}

absl::StatusOr<tcp::endpoint> Resolve(asio::io_context& context,
                                      const std::string& address,
                                      const std::string& setting) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(setting, ": no port in ", address));
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  error_code error;
  tcp::resolver resolver(context);
  const auto results =
      resolver.resolve(host, address.substr(colon + 1), tcp::resolver::passive, error);
  if (error || results.empty()) return Failed(setting, address, error);
  return results.begin()->endpoint();
}

// Runs `work` on the worker's thread and waits for it.
void RunOn(HttpWorker& worker, const std::function<void()>& work) {
  std::promise<void> done;
  worker.Post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace

HttpServer::HttpServer(HttpHandler& handler,
                       const HttpLimits& limits,
                       int threads,
                       std::shared_ptr<const TlsContext> tls)
    : handler_(handler),
      limits_(limits),
      tls_(std::move(tls)),
      workers_([&] {
        std::vector<std::shared_ptr<HttpWorker>> workers;
        workers.reserve(static_cast<size_t>(threads));
        for (int i = 0; i < threads; ++i)
          workers.push_back(std::make_shared<HttpWorker>(limits));
        return workers;
      }()),
      acceptor_(workers_[0]->context()),
      retry_(workers_[0]->context()) {}

HttpServer::~HttpServer() {
  if (started_) RunOn(*workers_[0], [this] { StopAccepting(); });
  for (const std::shared_ptr<HttpWorker>& worker : workers_)
    worker->Stop();
}

absl::StatusOr<std::string> HttpServer::Listen(const std::string& address,
                                               const std::string& setting) {
  DRAMATIS_ASSIGN_OR_RETURN(const tcp::endpoint endpoint,
                            Resolve(workers_[0]->context(), address, setting));
  error_code error;
  (void)acceptor_.open(endpoint.protocol(), error);
  if (!error) (void)acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) (void)acceptor_.bind(endpoint, error);
  if (!error) (void)acceptor_.non_blocking(true, error);
  if (!error) (void)acceptor_.listen(asio::socket_base::max_listen_connections, error);
  const tcp::endpoint bound = error ? tcp::endpoint() : acceptor_.local_endpoint(error);
  if (error) return Failed(setting, address, error);
  Accept();
  for (const std::shared_ptr<HttpWorker>& worker : workers_)
    worker->Start();
  started_ = true;
  const std::string host = address.substr(0, address.rfind(':'));
  return absl::StrCat(host, ":", bound.port());
}

void HttpServer::Accept() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](const error_code& stopped) {
    if (stopped) return;
    error_code error;
    while (!error)
      AcceptOne(error);
    if (error == asio::error::would_block || error == asio::error::try_again) return Accept();
    // Out of descriptors or memory: others may be freed.
    retry_.expires_after(std::chrono::milliseconds(50));
    retry_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) Accept();
    });
  });
}

void HttpServer::AcceptOne(error_code& error) {
  const std::shared_ptr<HttpWorker>& worker = LeastBusy();
  tcp::socket socket = acceptor_.accept(worker->context(), error);
  if (error == asio::error::connection_aborted) error.clear();  // the client has gone again
  if (error || !socket.is_open()) return;
  const bool too_many = CountOpen() >= limits_.connections;
  auto connection =
      std::make_shared<HttpConnection>(std::move(socket), tls_, worker, handler_, limits_);
  auto open = [this, connection, too_many] {
    if (too_many) {
      connection->OpenRefused(handler_.Overloaded());
    } else {
      connection->Open();
    }
  };
  if (worker == workers_.front()) return open();  // this thread
  worker->Post(std::move(open));
}

const std::shared_ptr<HttpWorker>& HttpServer::LeastBusy() const {
  return *std::min_element(
      workers_.begin(), workers_.end(),
      [](const auto& left, const auto& right) { return left->open() < right->open(); });
}

int HttpServer::CountOpen() const {
  int open = 0;
  for (const std::shared_ptr<HttpWorker>& worker : workers_)
    open += worker->open();
  return open;
}

void HttpServer::StopAccepting() {
  error_code ignored;
  (void)acceptor_.close(ignored);
  retry_.cancel();
}

size_t HttpServer::CountConnections() {
  size_t count = 0;
  for (const std::shared_ptr<HttpWorker>& worker : workers_) {
    RunOn(*worker, [&] { count += worker->connections(); });
  }
  return count;
}

void HttpServer::Drain(absl::Time deadline) {
  if (!started_) return;
  RunOn(*workers_[0], [this] { StopAccepting(); });
  for (const std::shared_ptr<HttpWorker>& worker : workers_) {
    RunOn(*worker, [&] { worker->Drain(); });
  }
  constexpr absl::Duration kPoll = absl::Milliseconds(20);
  while (CountConnections() > 0 && absl::Now() < deadline)
    absl::SleepFor(kPoll);
  for (const std::shared_ptr<HttpWorker>& worker : workers_) {
    RunOn(*worker, [&] { worker->CutAll(); });
  }
}

}  // namespace dramatis
