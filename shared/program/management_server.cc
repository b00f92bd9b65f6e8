#include "shared/program/management_server.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/post.hpp"
#include "boost/beast/core.hpp"
#include "boost/beast/http.hpp"
#include "boost/beast/version.hpp"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::chrono::seconds kRequestTimeout{5};
constexpr uint32_t kHeaderLimit = 8 * 1024;

using Response = http::response<http::string_body>;

Response Answer(const http::request<http::empty_body>& request,
                const Metrics& metrics,
                const std::function<bool()>& ready) {
  Response response(http::status::ok, request.version());
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.keep_alive(false);
  const std::string target(request.target().data(), request.target().size());
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
  } else if (target == "/metrics") {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = metrics.Text();
  } else if (target == "/livez") {
    response.body() = "ok\n";
  } else if (target == "/readyz") {
    const bool is_ready = ready();
    if (!is_ready) response.result(http::status::service_unavailable);
    response.body() = is_ready ? "ok\n" : "not ready\n";
  } else {
    response.result(http::status::not_found);
    response.body() = "not found\n";
  }
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

// One connection: one request, one answer.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const Metrics& metrics, const std::function<bool()>& ready)
      : stream_(std::move(socket)), metrics_(metrics), ready_(ready) {
    parser_.header_limit(kHeaderLimit);
    parser_.body_limit(0);
  }

  void Start() {
    stream_.expires_after(kRequestTimeout);
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](beast::error_code error, size_t) {
                       if (!error) self->Write();
                     });
  }

 private:
  void Write() {
    response_ = Answer(parser_.get(), metrics_, ready_);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, size_t) {
      beast::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  const Metrics& metrics_;
  const std::function<bool()>& ready_;
  beast::flat_buffer buffer_{kHeaderLimit};
  http::request_parser<http::empty_body> parser_;
  Response response_;
};

}  // namespace

struct ManagementServer::State {
  State(const Metrics& m, std::function<bool()> r) : metrics(m), ready(std::move(r)) {}

  void Accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (!acceptor.is_open()) return;
      if (!error) std::make_shared<Session>(std::move(socket), metrics, ready)->Start();
      Accept();
    });
  }

  const Metrics& metrics;
  const std::function<bool()> ready;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  std::thread thread;
};

ManagementServer::ManagementServer(const Metrics& metrics, std::function<bool()> ready)
    : state_(std::make_shared<State>(metrics, std::move(ready))) {}

ManagementServer::~ManagementServer() {
  state_->context.stop();
  if (state_->thread.joinable()) state_->thread.join();
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
        absl::StrCat("cannot listen on ", address, ": ", error.code().message()));
  }
}

}  // namespace dramatis
