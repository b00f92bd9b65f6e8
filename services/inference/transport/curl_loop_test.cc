#include "services/inference/transport/curl_loop.h"

#include <csignal>
#include <memory>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "services/inference/testing/scripted_server.h"
#include "services/inference/testing/tls_server.h"

namespace dramatis::inference {
namespace {

using Reply = ScriptedServer::Reply;

class AwaitedHandler : public HttpHandler {
 public:
  void OnHead(const HttpHead& h) override { head = h; }
  bool OnBody(std::string_view bytes) override {
    body += bytes;
    return body.size() < most;
  }
  void OnEnd(HttpEnd e) override {
    end = e;
    over.Notify();
  }
  size_t most = 1'000'000;
  // Read after `over`.
  HttpHead head;
  std::string body;
  HttpEnd end = HttpEnd::kBroken;
  absl::Notification over;
};

std::shared_ptr<AwaitedHandler> Post(CurlLoop& loop,
                                     const std::string& url,
                                     size_t most = 1 << 20) {
  HttpRequest request;
  request.url = url;
  request.body = "{}";
  auto handler = std::make_shared<AwaitedHandler>();
  handler->most = most;
  loop.Start(std::move(request), handler);
  handler->over.WaitForNotification();
  return handler;
}

Reply Hello() {
  return {.pieces = {Plain(200, "Retry-After: 3\r\n", "hello")}, .then = Reply::Then::kKeepOpen};
}

TEST(CurlLoopTest, GivesHeadBodyAndEnd) {
  const ScriptedServer server([](const auto&) { return Hello(); });
  CurlLoop loop({});
  const auto handler = Post(loop, server.url());
  EXPECT_EQ(handler->head.status, 200);
  EXPECT_EQ(handler->head.retry_after, "3");
  EXPECT_EQ(handler->body, "hello");
  EXPECT_EQ(handler->end, HttpEnd::kComplete);
}

TEST(CurlLoopTest, SkipsInterimHeads) {
  const ScriptedServer server([](const auto&) {
    return Reply{.pieces = {"HTTP/1.1 100 Continue\r\n\r\n", Plain(201, "", "x")},
                 .then = Reply::Then::kKeepOpen};
  });
  CurlLoop loop({});
  EXPECT_EQ(Post(loop, server.url())->head.status, 201);
}

TEST(CurlLoopTest, EndsATransferThatTheHandlerHasEnoughOf) {
  const ScriptedServer server([](const auto&) { return Hello(); });
  CurlLoop loop({});
  EXPECT_EQ(Post(loop, server.url(), /*most=*/1)->end, HttpEnd::kAborted);
}

TEST(CurlLoopTest, TakesAnAnswerThatIsNoHttpForBroken) {
  const ScriptedServer server([](const auto&) {
    return Reply{.pieces = {std::string("\0\1\2\3 nonsense\r\n\r\n", 17)},
                 .then = Reply::Then::kClose};
  });
  CurlLoop loop({});
  EXPECT_EQ(Post(loop, server.url())->end, HttpEnd::kBroken);
}

TEST(CurlLoopTest, RunsManyTransfersAtOnce) {
  const ScriptedServer server([](const auto&) { return Hello(); });
  CurlLoop loop({});
  std::vector<std::shared_ptr<AwaitedHandler>> handlers;
  for (int i = 0; i < 50; ++i) {
    HttpRequest request;
    request.url = server.url();
    handlers.push_back(std::make_shared<AwaitedHandler>());
    loop.Start(std::move(request), handlers.back());
  }
  for (const auto& handler : handlers) {
    handler->over.WaitForNotification();
    EXPECT_EQ(handler->body, "hello");
  }
}

TEST(CurlLoopTest, RefusesACertificateThatItDoesNotTrust) {
  signal(SIGPIPE, SIG_IGN);  // the server writes to a connection that was refused
  const TlsServer server(Plain(200, "Connection: close\r\n", "hello"));
  CurlLoop wary({});
  const auto refused = Post(wary, server.url());
  EXPECT_EQ(refused->end, HttpEnd::kConnectFailed);
  EXPECT_EQ(refused->head.status, 0);
  CurlLoop trusting({.ca_file = server.certificate_file()});
  const auto taken = Post(trusting, server.url());
  EXPECT_EQ(taken->end, HttpEnd::kComplete);
  EXPECT_EQ(taken->body, "hello");
}

TEST(CurlLoopTest, RefusesOtherProtocols) {
  CurlLoop loop({});
  const auto handler = Post(loop, "file:///etc/hostname");
  EXPECT_NE(handler->end, HttpEnd::kComplete);
  EXPECT_EQ(handler->body, "");
}

TEST(CurlLoopTest, RunsTasksLaterInTheirOrder) {
  CurlLoop loop({});
  absl::Notification done;
  std::vector<int> order;
  loop.After(absl::Milliseconds(20), [&] {
    order.push_back(2);
    done.Notify();
  });
  loop.After(absl::ZeroDuration(), [&] { order.push_back(1); });
  done.WaitForNotification();
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(CurlLoopTest, DropsTasksWhenItStops) {
  CurlLoop loop({});
  const auto token = std::make_shared<int>(0);
  loop.After(absl::Hours(1), [token] {});
  loop.Stop();
  loop.After(absl::ZeroDuration(), [token] { ADD_FAILURE() << "ran after Stop"; });
  loop.Stop();
}

}  // namespace
}  // namespace dramatis::inference
