#include "shared/program/management_server.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "boost/asio/post.hpp"
#include "boost/asio/thread_pool.hpp"
#include "shared/http/reasons.h"

namespace dramatis {
namespace {

HttpAnswer Text(int status, std::string body) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

HttpLimits Limits() {
  HttpLimits limits;
  limits.header_bytes = size_t{8} * 1024;
  limits.connections = 64;
  limits.header = limits.idle = limits.write = std::chrono::seconds(5);
  return limits;
}

// What has its answer before it starts: everything but /readyz.
class Answered : public HttpTask {
 public:
  void Start(HttpResponder& /*responder*/, const HttpRequest& /*request*/) override {}
  bool Take(std::string /*piece*/) override { return false; }  // no body is taken
  void TakeEnd() override {}
  void Written() override {}
  void Drain() override {}
  void Tick(MonotonicTime /*now*/) override {}
  void Probe() override {}
  void Gone() override {}
  HttpAnswer Refused(errors::v1::ErrorReason reason) const override {
    return Text(HttpStatusOf(reason), "bad request\n");
  }
  void AppendHeaders(std::string& /*head*/) const override {}
  void Done(int /*status*/, std::chrono::steady_clock::duration /*took*/) override {}
};

// Asks whether the program is ready, on the thread for that.
class ReadyTask final : public Answered, public std::enable_shared_from_this<ReadyTask> {
 public:
  ReadyTask(const std::function<bool()>& ready, boost::asio::thread_pool& prober, PostWork post)
      : ready_(ready), prober_(prober), post_(std::move(post)) {}

  void Start(HttpResponder& responder, const HttpRequest& /*request*/) override {
    responder_ = &responder;
    boost::asio::post(prober_, [self = shared_from_this()] {
      self->post_([self, ready = self->ready_()] { self->Answer(ready); });
    });
  }
  void Gone() override { responder_ = nullptr; }

 private:
  // On the connection's thread again.
  void Answer(bool ready) {
    HttpResponder* const responder = std::exchange(responder_, nullptr);
    if (responder == nullptr) return;
    responder->Send(ready ? Text(200, "ok\n") : Text(503, "not ready\n"));
  }

  const std::function<bool()>& ready_;
  boost::asio::thread_pool& prober_;
  const PostWork post_;
  HttpResponder* responder_ = nullptr;
};

}  // namespace

class ManagementServer::Handler : public HttpHandler {
 public:
  Handler(const Metrics& metrics, std::function<bool()> ready)
      : metrics_(metrics), ready_(std::move(ready)) {}

  Opened Open(const HttpRequest& head, bool has_body, PostWork post) override {
    const bool reads = head.verb == "GET" || head.verb == "HEAD";
    if (reads && !has_body && head.path == "/readyz") {
      return {.task = std::make_shared<ReadyTask>(ready_, prober_, std::move(post)),
              .answer = std::nullopt};
    }
    return {.task = std::make_shared<Answered>(), .answer = Answer(head, reads, has_body)};
  }
  std::shared_ptr<HttpTask> OpenRefused(const HttpRequest& /*head*/) override {
    return std::make_shared<Answered>();
  }
  HttpAnswer Overloaded() override { return Text(503, "too many connections\n"); }
  void CountConnection(int /*by*/) override {}

  // Waits for what is being asked; nothing more is asked. To be called once no connection is left.
  void Stop() {
    prober_.stop();
    prober_.join();
  }

 private:
  HttpAnswer Answer(const HttpRequest& head, bool reads, bool has_body) const {
    if (!reads) {
      HttpAnswer answer = Text(405, "method not allowed\n");
      answer.headers.emplace_back("Allow", "GET, HEAD");
      return answer;
    }
    if (has_body) return Text(413, "a body is not taken here\n");
    if (head.path == "/livez") return Text(200, "ok\n");
    if (head.path != "/metrics") return Text(404, "not found\n");
    HttpAnswer answer = Text(200, metrics_.Text());
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return answer;
  }

  const Metrics& metrics_;
  const std::function<bool()> ready_;
  boost::asio::thread_pool prober_{1};
};

ManagementServer::ManagementServer(const Metrics& metrics, std::function<bool()> ready)
    : handler_(std::make_unique<Handler>(metrics, std::move(ready))),
      server_(*handler_, Limits(), /*threads=*/1) {}

ManagementServer::~ManagementServer() {
  server_.Drain(absl::InfinitePast());
  handler_->Stop();
}

absl::StatusOr<std::string> ManagementServer::Start(const std::string& address) {
  return server_.Listen(address, "DRAMATIS_MANAGEMENT_ADDRESS");
}

}  // namespace dramatis
