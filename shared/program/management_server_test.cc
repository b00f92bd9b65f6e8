#include "shared/program/management_server.h"

#include <string>

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
using ::testing::HasSubstr;

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
  ManagementServer server_{metrics_, [] { return true; }};
  asio::io_context context_;
  tcp::socket socket_{context_};
};

TEST_F(ManagementServerTest, AnswersItsThreePaths) {
  Send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Rest(), HasSubstr("HTTP/1.1 200 OK"));
}

TEST_F(ManagementServerTest, TakesAHeadPieceByPiece) {
  for (const char c : std::string("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"))
    Send(std::string(1, c));
  EXPECT_THAT(Rest(), HasSubstr("ok"));
}

TEST_F(ManagementServerTest, EndsAHeadThatDoesNotEnd) {
  Send("GET /metrics HTTP/1.1\r\n");
  // Line by line: each is parsed, and kept, as it comes.
  int lines = 0;
  constexpr int kFarTooMany = 1'000'000;
  while (lines < kFarTooMany && Send("X: y\r\n"))
    ++lines;
  EXPECT_LT(lines, kFarTooMany);
}

}  // namespace
}  // namespace dramatis
