#include "shared/program/management_server.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "boost/asio/buffer.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/read_until.hpp"
#include "boost/asio/steady_timer.hpp"
#include "boost/asio/thread_pool.hpp"
#include "boost/beast/core.hpp"
#include "boost/beast/http.hpp"
#include "shared/config/listen_problem.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds kRequestTimeout{5};
constexpr uint32_t kHeaderLimit = 8 * 1024;
constexpr int kMaxConnections = 64;

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

// What all connections share; outlives them.
struct Shared {
  Shared(const Metrics& m, std::function<bool()> r) : metrics(m), ready(std::move(r)) {}

  const Metrics& metrics;
  const std::function<bool()> ready;
  std::unique_ptr<asio::thread_pool> prober = std::make_unique<asio::thread_pool>(1);
  int connections = 0;  // on the server's own thread only
};

// The answer to everything but /readyz.
Response Answer(const Request& request, const Metrics& metrics) {
  Response response(http::status::ok, request.version());
  const std::string target(request.target().data(), request.target().size());
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
  } else if (target == "/metrics") {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = metrics.Text();
  } else if (target == "/livez") {
    response.body() = "ok\n";
  } else {
    response.result(http::status::not_found);
    response.body() = "not found\n";
  }
  return response;
}

bool AsksWhetherReady(const Request& request) {
  return request.target() == "/readyz" &&
         (request.method() == http::verb::get || request.method() == http::verb::head);
}

// One connection: one request, one answer.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    parser_.header_limit(kHeaderLimit);
    parser_.body_limit(0);
    ++shared_.connections;
  }
  ~Session() { --shared_.connections; }

  void Start() {
    stream_.expires_after(kRequestTimeout);
    // The whole head, and no more than the limit of what was received: the parser's own limit is
    // one of what it has not taken yet.
    asio::async_read_until(stream_, asio::dynamic_buffer(head_, kHeaderLimit), "\r\n\r\n",
                           [self = shared_from_this()](beast::error_code error, size_t size) {
                             if (!error) self->parser_.put(asio::buffer(self->head_, size), error);
                             if (!error) self->Handle();
                           });
  }

 private:
  void Handle() {
    if (!AsksWhetherReady(parser_.get())) return Write(Answer(parser_.get(), shared_.metrics));
    // The reference comes back to the server's own thread, so that the session ends there.
    asio::post(*shared_.prober, [self = shared_from_this()]() mutable {
      const bool ready = self->shared_.ready();
      const auto executor = self->stream_.get_executor();
      asio::post(executor, [self = std::move(self), ready] { self->WriteReady(ready); });
    });
  }

  void WriteReady(bool ready) {
    Response response(ready ? http::status::ok : http::status::service_unavailable,
                      parser_.get().version());
    response.body() = ready ? "ok\n" : "not ready\n";
    Write(std::move(response));
  }

  void Write(Response response) {
    response_ = std::move(response);
    if (response_.count(http::field::content_type) == 0) {
      response_.set(http::field::content_type, "text/plain; charset=utf-8");
    }
    response_.keep_alive(false);
    response_.prepare_payload();
    if (parser_.get().method() == http::verb::head) response_.body().clear();
    stream_.expires_after(kRequestTimeout);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, size_t) {
      beast::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  std::string head_;
  http::request_parser<http::empty_body> parser_;
  Response response_;
};

}  // namespace

struct ManagementServer::State {
  State(const Metrics& metrics, std::function<bool()> ready) : shared(metrics, std::move(ready)) {}

  void Accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (!error && shared.connections < kMaxConnections) {
        std::make_shared<Session>(std::move(socket), shared)->Start();
      }
      if (!error) return Accept();
      // Out of file descriptors, as a rule: a loop without a pause would take a whole processor.
      pause.expires_after(std::chrono::milliseconds(100));
      pause.async_wait([this](boost::system::error_code) { Accept(); });
    });
  }

  Shared shared;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  std::thread thread;
};

ManagementServer::ManagementServer(const Metrics& metrics, std::function<bool()> ready)
    : state_(std::make_unique<State>(metrics, std::move(ready))) {}

ManagementServer::~ManagementServer() {
  state_->context.stop();
  if (state_->thread.joinable()) state_->thread.join();
  state_->shared.prober->stop();
  state_->shared.prober->join();
  state_->shared.prober.reset();  // with what still waited: its sockets belong to the context
}

absl::StatusOr<std::string> ManagementServer::Start(const std::string& address) {
  try {
    const size_t colon = address.rfind(':');
    tcp::resolver resolver(state_->context);
    std::string host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    const tcp::endpoint wanted =
        resolver.resolve(host, address.substr(colon + 1), tcp::resolver::passive)
            .begin()
            ->endpoint();
    state_->acceptor.open(wanted.protocol());
    state_->acceptor.set_option(asio::socket_base::reuse_address(true));
    state_->acceptor.bind(wanted);
    state_->acceptor.listen();
    const tcp::endpoint bound = state_->acceptor.local_endpoint();
    state_->Accept();
    state_->thread = std::thread([state = state_.get()] { state->context.run(); });
    return absl::StrCat(address.substr(0, colon), ":", bound.port());
  } catch (const boost::system::system_error& error) {
    return UnavailableError(
        ListenProblem("DRAMATIS_MANAGEMENT_ADDRESS", address, error.code().value()));
  }
}

}  // namespace dramatis
