// Server-sent events as clients find them: a real gateway, a real socket, services in the same
// process, reached over gRPC and without it.
#include <thread>

#include "gateway/testing/client.h"
#include "gateway/testing/services.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class StreamServiceTest : public ::testing::TestWithParam<StreamsOver> {
 protected:
  TestGateway& Gateway() {
    if (gateway_ == nullptr) gateway_ = std::make_unique<TestGateway>(config_, GetParam());
    return *gateway_;
  }
  std::string Address() { return Gateway().address(); }
  static std::string Chat(const std::string& message, const char* version = "1.1") {
    const std::string body = R"({"message":")" + message + R"(","stream":true})";
    return "POST /api/chat HTTP/" + std::string(version) +
           "\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  static std::string Follow(const std::string& id) {
    return "GET /api/conversations/" + id + "/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  // Drains with a deadline that nobody wants to wait for.
  absl::Duration Drain() {
    const absl::Time begin = absl::Now();
    Gateway().frontend().Drain(begin + absl::Seconds(20));
    return absl::Now() - begin;
  }

  GatewayConfig config_ = QuickConfig();
  std::unique_ptr<TestGateway> gateway_;
};

INSTANTIATE_TEST_SUITE_P(,
                         StreamServiceTest,
                         testing::Values(StreamsOver::kGrpc, StreamsOver::kLocal),
                         [](const auto& info) {
                           return info.param == StreamsOver::kGrpc ? "OverGrpc" : "WithoutGrpc";
                         });

constexpr char kAnswer[] =
    "retry: 2000\n"
    ": ping\n\n"
    "event: start\nid: 7:1:1\n"
    "data: {\"turn_id\":\"7\",\"session_id\":\"\",\"user_message_id\":\"\"}\n\n"
    "event: delta\nid: 7:1:2\ndata: {\"text\":\"word \"}\n\n"
    "event: delta\nid: 7:1:3\ndata: {\"text\":\"word \"}\n\n"
    "event: done\nid: 7:1:4\ndata: {\"response\":\"word word \",";

TEST_P(StreamServiceTest, StreamsEventsAndKeepsTheConnection) {
  RawClient client(Address());
  for (int i = 0; i < 3; ++i) {
    client.Send(Chat("answer"));
    const RawReply reply = client.Read();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.headers.at("content-type"), "text/event-stream");
    EXPECT_EQ(reply.headers.at("cache-control"), "no-cache, no-transform");
    EXPECT_EQ(reply.headers.at("x-accel-buffering"), "no");
    EXPECT_EQ(reply.headers.at("transfer-encoding"), "chunked");
    EXPECT_TRUE(reply.Has("x-correlation-id"));
    EXPECT_THAT(reply.body, StartsWith(kAnswer));
    EXPECT_THAT(reply.body, EndsWith("}\n\n"));
  }
}

TEST_P(StreamServiceTest, AcceptAsksForAStreamToo) {
  RawClient client(Address());
  client.Send(
      "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
      "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"message\":\"answer\"}");
  EXPECT_THAT(client.Read().body, StartsWith(kAnswer));
}

TEST_P(StreamServiceTest, StreamsToHttp10UntilTheEnd) {
  RawClient client(Address());
  client.Send(Chat("answer", "1.0"));
  const RawReply reply = client.Read();
  EXPECT_FALSE(reply.Has("transfer-encoding"));
  EXPECT_THAT(reply.body, StartsWith(kAnswer));
}

TEST_P(StreamServiceTest, AnErrorBeforeTheFirstEventIsAProblem) {
  RawClient client(Address());
  client.Send(Chat("refuse"));
  const RawReply reply = client.Read();
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"NOT_FOUND")"));
}

TEST_P(StreamServiceTest, AnErrorAfterItIsTheLastEvent) {
  RawClient client(Address());
  client.Send(Chat("break"));
  const RawReply reply = client.Read();
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr("event: start\n"));
  EXPECT_THAT(reply.body, HasSubstr("\n\nevent: error\ndata: {\"problem\":{\"type\":\"urn:"));
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"SESSION_ENDED")"));
  EXPECT_THAT(reply.body, HasSubstr(R"("turn_id":"7")"));
  EXPECT_THAT(reply.body, EndsWith("}}\n\n"));
}

TEST_P(StreamServiceTest, SaysThatItIsThereBeforeTheFirstEvent) {
  RawClient client(Address());
  client.Send(Chat("wait"));
  EXPECT_EQ(client.ReadHead().status, 200);
  EXPECT_EQ(client.ReadChunk(), "retry: 2000\n: ping\n\n");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(client.ReadChunk(), ": ping\n\n");
}

TEST_P(StreamServiceTest, AClientThatGoesAwayEndsTheFollowing) {
  {
    RawClient client(Address());
    client.Send(Chat("wait"));
    EXPECT_EQ(client.ReadHead().status, 200);
  }
  EXPECT_TRUE(Eventually([&] { return Gateway().seen().cancelled == 1; }));
  EXPECT_TRUE(Eventually([&] {
    return Gateway().metrics().Text().find("dramatis_sse_streams 0") != std::string::npos;
  }));
}

TEST_P(StreamServiceTest, ASlowClientSlowsTheService) {
  RawClient client(Address());
  client.Send(Chat("flood"));
  EXPECT_EQ(client.ReadHead().status, 200);
  // Until nothing moves any more: what is in sockets and buffers by then is all that is kept.
  int written = -1;
  ASSERT_TRUE(Eventually([&] {
    absl::SleepFor(absl::Milliseconds(200));
    return std::exchange(written, Gateway().seen().written.load()) == Gateway().seen().written;
  }));
  EXPECT_LT(written, 20'000);  // 20 MB; the sockets take a few
  // And goes on once the client has taken so much that its socket asks for more: how much that is,
  // the system decides.
  EXPECT_TRUE(Eventually([&] {
    for (int i = 0; i < 100; ++i) {
      if (client.ReadChunk().empty()) return false;
    }
    return Gateway().seen().written > written;
  }));
}

TEST_P(StreamServiceTest, DropsAClientThatTakesNothing) {
  config_.limits.write = std::chrono::milliseconds(300);
  RawClient client(Address());
  client.Send(Chat("flood"));
  EXPECT_EQ(client.ReadHead().status, 200);
  EXPECT_TRUE(Eventually([&] { return Gateway().seen().cancelled == 1; }));
}

TEST_P(StreamServiceTest, ManyStreamsAtOnceAllComplete) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawClient>(Address()));
    clients.back()->Send(Chat("answer"));
  }
  for (const auto& client : clients)
    EXPECT_THAT(client->Read().body, StartsWith(kAnswer));
}

TEST_P(StreamServiceTest, DrainWaitsForStreamsUntilItsDeadline) {
  RawClient client(Address());
  client.Send(Chat("wait"));
  EXPECT_EQ(client.ReadHead().status, 200);
  const absl::Time begin = absl::Now();
  Gateway().frontend().Drain(begin + absl::Milliseconds(300));
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(290));
  EXPECT_TRUE(client.ClosesWithin(absl::Seconds(2)));
}

TEST_P(StreamServiceTest, DrainEndsAStreamThatHasNoEndOfItsOwn) {
  RawClient client(Address());
  client.Send(Follow("7"));
  const std::string begun = client.ReadUntil("id: 1\ndata: ");
  EXPECT_THAT(begun, StartsWith("HTTP/1.1 200 "));
  std::thread reader([&] {
    const std::string rest = client.ReadUntil("\r\n0\r\n\r\n");
    EXPECT_THAT(rest, HasSubstr("\r\nevent: error\ndata: {\"problem\":{\"type\":\"urn:"));
    EXPECT_THAT(rest, HasSubstr(R"("status":503)"));
    EXPECT_THAT(rest, HasSubstr(R"("code":"UNAVAILABLE")"));
    EXPECT_THAT(rest, EndsWith("}}\n\n\r\n0\r\n\r\n"));
    client.Close();
  });
  EXPECT_LT(Drain(), absl::Seconds(10));
  reader.join();
  EXPECT_TRUE(Eventually([&] { return Gateway().seen().cancelled == 1; }));
}

TEST_P(StreamServiceTest, DrainEndsOneThatHasNotSaidAnythingYet) {
  RawClient client(Address());
  client.Send(Follow("wait"));
  EXPECT_EQ(client.ReadHead().status, 200);
  std::thread reader([&] {
    EXPECT_THAT(client.ReadUntil("\r\n0\r\n\r\n"), HasSubstr(R"("code":"UNAVAILABLE")"));
    client.Close();
  });
  EXPECT_LT(Drain(), absl::Seconds(10));
  reader.join();
}

TEST_P(StreamServiceTest, DrainRefusesAnEndlessStreamWhoseRequestComesLate) {
  config_.limits.header = std::chrono::seconds(10);
  RawClient client(Address());
  const std::string request = Follow("7");
  client.Send(request.substr(0, 20));
  // Its head has begun to come, so that it is not taken for an idle connection.
  absl::SleepFor(absl::Milliseconds(100));
  std::thread late([&] {
    absl::SleepFor(absl::Milliseconds(100));
    client.Send(request.substr(20));
    EXPECT_THAT(client.ReadUntil(R"("code":"UNAVAILABLE")"), HasSubstr(R"("status":503)"));
    client.Close();
  });
  EXPECT_LT(Drain(), absl::Seconds(10));
  late.join();
}

}  // namespace
}  // namespace dramatis::gateway
