#include "shared/program/management_server.h"

#include <atomic>
#include <string>

#include "absl/synchronization/notification.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/read.hpp"
#include "boost/asio/write.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ManagementServerTest : public ::testing::Test {
 protected:
  ManagementServerTest() {
    const std::string address = server_.Start("127.0.0.1:0").value();
    const auto port = static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(tcp::no_delay(true));
  }
  // False once the server has closed.
  bool Send(const std::string& bytes) {
    boost::system::error_code error;
    asio::write(socket_, asio::buffer(bytes), error);
    return !error;
  }
  std::string Rest() {
    std::string all;
    boost::system::error_code ignored;
    asio::read(socket_, asio::dynamic_buffer(all), ignored);
    return all;
  }

  Metrics metrics_;
  std::atomic<bool> ready_ = true;
  std::atomic<absl::Notification*> answer_ = nullptr;  // where set, it is waited for
  ManagementServer server_{metrics_, [this] {
                             absl::Notification* const answer = answer_;
                             if (answer != nullptr) answer->WaitForNotification();
                             return ready_.load();
                           }};
  asio::io_context context_;
  tcp::socket socket_{context_};
};

std::string Ask(const std::string& line) {
  return line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
}

TEST_F(ManagementServerTest, SaysThatItLives) {
  Send(Ask("GET /livez"));
  EXPECT_THAT(Rest(), AllOf(StartsWith("HTTP/1.1 200 OK"), EndsWith("\r\n\r\nok\n")));
}

TEST_F(ManagementServerTest, ShowsItsMetrics) {
  Send(Ask("GET /metrics"));
  EXPECT_THAT(Rest(), AllOf(StartsWith("HTTP/1.1 200 OK"),
                            HasSubstr("Content-Type: text/plain; version=0.0.4")));
}

TEST_F(ManagementServerTest, SaysWhetherItIsReady) {
  ready_ = false;
  Send(Ask("GET /readyz"));
  EXPECT_THAT(Rest(), AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("not ready\n")));
}

TEST_F(ManagementServerTest, HasNothingElse) {
  Send(Ask("GET /personas"));
  EXPECT_THAT(Rest(), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ManagementServerTest, OnlyReads) {
  Send(Ask("POST /readyz"));
  EXPECT_THAT(Rest(), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD")));
}

TEST_F(ManagementServerTest, TakesNoBody) {
  Send("GET /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_THAT(Rest(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(ManagementServerTest, RefusesWhatIsNoRequest) {
  Send("hello\r\n\r\n");
  EXPECT_THAT(Rest(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(ManagementServerTest, AnswersAProbeWithoutItsBody) {
  Send(Ask("HEAD /readyz"));
  EXPECT_THAT(Rest(), AllOf(StartsWith("HTTP/1.1 200 OK"), EndsWith("\r\n\r\n")));
}

TEST_F(ManagementServerTest, TakesAHeadPieceByPiece) {
  for (const char c : Ask("GET /readyz"))
    Send(std::string(1, c));
  EXPECT_THAT(Rest(), EndsWith("ok\n"));
}

// What hangs hides neither that the process lives nor what it counts.
TEST_F(ManagementServerTest, LivesWhileWhetherItIsReadyIsNotKnown) {
  absl::Notification go_on;
  answer_ = &go_on;
  Send(Ask("GET /readyz"));
  tcp::socket other{context_};
  other.connect(socket_.remote_endpoint());
  asio::write(other, asio::buffer(Ask("GET /livez")));
  std::string all;
  boost::system::error_code ignored;
  asio::read(other, asio::dynamic_buffer(all), ignored);
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK"));
  go_on.Notify();
  EXPECT_THAT(Rest(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(ManagementServerTest, RefusesAHeadThatDoesNotEnd) {
  Send("GET /metrics HTTP/1.1\r\nHost: x\r\n");
  // Line by line: each is parsed, and kept, as it comes.
  constexpr int kFarTooMany = 5'000;  // 30 kB
  for (int lines = 0; lines < kFarTooMany && Send("X: y\r\n"); ++lines) {
  }
  EXPECT_THAT(Rest(), StartsWith("HTTP/1.1 431 "));
}

}  // namespace
}  // namespace dramatis
