// HTTP/1.1 as clients find it: a real gateway, a real socket, services in the same process.
#include "gateway/calls/health.h"
#include "gateway/pages/web_files.h"
#include "gateway/routing/proto_files.h"
#include "gateway/testing/client.h"
#include "gateway/testing/services.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGet[] = "GET /api/personas/ada HTTP/1.1\r\nHost: localhost\r\n\r\n";

class HttpServiceTest : public ::testing::Test {
 protected:
  TestGateway& Gateway() {
    if (gateway_ == nullptr) gateway_ = std::make_unique<TestGateway>(config_);
    return *gateway_;
  }
  std::string Address() { return Gateway().address(); }
  RawReply Ask(const std::string& request, bool head_only = false) {
    RawClient client(Address());
    client.Send(request);
    return client.Read(head_only);
  }
  static std::string Post(const std::string& path, const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  GatewayConfig config_ = QuickConfig();
  std::unique_ptr<TestGateway> gateway_;
};

TEST_F(HttpServiceTest, AnswersACall) {
  const RawReply reply = Ask(kGet);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
  EXPECT_EQ(reply.headers.at("vary"), "Origin");
  EXPECT_TRUE(reply.Has("date"));
  EXPECT_TRUE(reply.Has("x-correlation-id"));
  EXPECT_THAT(reply.body, HasSubstr(R"({"personaId":"ada","name":"ada")"));
}

TEST_F(HttpServiceTest, CreatesAndSaysWhere) {
  const RawReply reply = Ask(Post("/api/personas", R"({"name":"Ada","type":"human"})"));
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.headers.at("location"), "/api/personas/new");
}

TEST_F(HttpServiceTest, PassesOnTheServicesError) {
  const RawReply reply = Ask("GET /api/personas/missing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"NOT_FOUND")"));
  EXPECT_THAT(reply.body, HasSubstr(R"("instance":"/api/personas/missing")"));
}

TEST_F(HttpServiceTest, PassesOnIdsAndIdentity) {
  const RawReply reply =
      Ask("GET /api/personas/ada HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: r-1\r\n"
          "Authorization: Bearer local:ada\r\n\r\n");
  EXPECT_EQ(reply.headers.at("x-correlation-id"), "r-1");
  EXPECT_EQ(reply.headers.at("x-request-id"), "r-1");
  EXPECT_EQ(Gateway().seen().Metadata("x-correlation-id"), "r-1");
  EXPECT_EQ(Gateway().seen().Metadata("authorization"), "Bearer local:ada");
}

TEST_F(HttpServiceTest, SaysThatAnAnswerIsARepetition) {
  EXPECT_EQ(Ask("GET /api/personas/replayed HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .headers.at("idempotency-replayed"),
            "true");
  EXPECT_FALSE(Ask(kGet).Has("idempotency-replayed"));
}

TEST_F(HttpServiceTest, ServesManyRequestsOnOneConnection) {
  RawClient client(Address());
  for (int i = 0; i < 50; ++i) {
    client.Send(kGet);
    ASSERT_EQ(client.Read().status, 200) << i;
  }
}

TEST_F(HttpServiceTest, AnswersPipelinedRequestsInOrder) {
  RawClient client(Address());
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    const std::string path = i % 3 == 0 ? "/nope" : "/api/personas/p" + std::to_string(i);
    requests += "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: n" +
                std::to_string(i) + "\r\n\r\n";
  }
  client.Send(requests);
  for (int i = 0; i < 200; ++i) {
    const RawReply reply = client.Read();
    ASSERT_EQ(reply.status, i % 3 == 0 ? 404 : 200) << i;
    ASSERT_EQ(reply.headers.at("x-correlation-id"), "n" + std::to_string(i));
  }
}

TEST_F(HttpServiceTest, TakesARequestByteByByte) {
  RawClient client(Address());
  const std::string request = Post("/api/personas", R"({"name":"Ada"})");
  for (const char c : request)
    client.Send(std::string_view(&c, 1));
  EXPECT_EQ(client.Read().status, 201);
}

TEST_F(HttpServiceTest, TakesChunkedBodies) {
  const RawReply reply =
      Ask("POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
          "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"name\"\r\n7;x=y\r\n:\"Ada\"}\r\n0\r\n\r\n");
  EXPECT_EQ(reply.status, 201);
  EXPECT_THAT(reply.body, HasSubstr(R"("name":"Ada")"));
}

TEST_F(HttpServiceTest, AsksForTheBodyWhereTheClientWaits) {
  RawClient client(Address());
  client.Send(
      "POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("{}");
  EXPECT_EQ(client.Read().status, 201);
}

TEST_F(HttpServiceTest, SendsLargeAnswersWhole) {
  const RawReply reply = Ask("GET /api/personas/large HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_GT(reply.body.size(), 3'000'000U);
  EXPECT_EQ(reply.body.back(), '}');
}

TEST_F(HttpServiceTest, HeadHasTheHeadersOfGetAndNoBody) {
  RawClient client(Address());
  client.Send("HEAD /api/personas/ada HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawReply reply = client.Read(/*head_only=*/true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_GT(std::stoi(reply.headers.at("content-length")), 10);
  client.Send(kGet);
  EXPECT_EQ(client.Read().status, 200);
}

TEST_F(HttpServiceTest, AnswersHttp10AndCloses) {
  RawClient client(Address());
  client.Send("GET /api/personas/ada HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_TRUE(client.ClosesWithin(absl::Seconds(2)));
}

TEST_F(HttpServiceTest, ClosesWhereAsked) {
  RawClient client(Address());
  client.Send("GET /api/personas/ada HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.Read().headers.at("connection"), "close");
  EXPECT_TRUE(client.ClosesWithin(absl::Seconds(2)));
}

TEST_F(HttpServiceTest, RefusesWhatIsNoRequest) {
  const std::string get = "GET /api/personas/ada HTTP/1.1\r\n";
  const std::string post = "POST /api/personas HTTP/1.1\r\nHost: localhost\r\n";
  const std::string requests[] = {
      "hello\r\n\r\n",
      "GET\r\n\r\n",
      "GET /api/personas/ada HTTP/2.0\r\nHost: localhost\r\n\r\n",
      "GET api HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /a#b HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
      get + "\r\n",
      get + "Host: localhost\r\nHost: localhost\r\n\r\n",
      get + "Host: localhost\r\nbad header\r\n\r\n",
      get + "Host: localhost\r\nName : v\r\n\r\n",
      get + "Host: localhost\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
      "GET /api/personas/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      post + "Content-Length: -1\r\n\r\n",
      post + "Content-Length: 1x\r\n\r\n",
      post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
      post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
      post + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
  };
  for (const std::string& request : requests) {
    RawClient client(Address());
    client.Send(request);
    const RawReply reply = client.Read();
    EXPECT_EQ(reply.status, 400) << request;
    EXPECT_THAT(reply.body, HasSubstr(R"("code":"MALFORMED_REQUEST")")) << request;
    EXPECT_TRUE(reply.Has("x-correlation-id")) << request;
  }
}

TEST_F(HttpServiceTest, DoesNotTakeASmuggledSecondRequest) {
  RawClient client(Address());
  client.Send(
      "POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" +
      std::string(kGet));
  EXPECT_EQ(client.Read().status, 400);
  EXPECT_EQ(client.Read().status, 0);
}

TEST_F(HttpServiceTest, RefusesUnknownTransferCodings) {
  for (const char* coding : {"gzip", "gzip, chunked", "chunked, gzip", "identity",
                             "chunked\r\nTransfer-Encoding: chunked"}) {
    const RawReply reply =
        Ask("POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: " +
            std::string(coding) + "\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    EXPECT_EQ(reply.status, 400) << coding;
    EXPECT_EQ(reply.headers.at("connection"), "close") << coding;
  }
}

TEST_F(HttpServiceTest, RefusesABodyThatIsTooLarge) {
  const std::string head =
      "POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const RawReply announced = Ask(head + "Content-Length: 1048577\r\n\r\n");
  EXPECT_EQ(announced.status, 413);
  EXPECT_EQ(announced.headers.at("connection"), "close");
  EXPECT_THAT(announced.body, HasSubstr(R"("code":"BODY_TOO_LARGE")"));
  std::string chunks;
  for (int i = 0; i < 33; ++i)
    chunks += "8000\r\n" + std::string(0x8000, ' ') + "\r\n";
  EXPECT_EQ(Ask(head + "Transfer-Encoding: chunked\r\n\r\n" + chunks).status, 413);
}

TEST_F(HttpServiceTest, TakesTheLargestBody) {
  std::string body = R"({"name":")";
  body += std::string(1024 * 1024 - body.size() - 2, 'a') + "\"}";
  EXPECT_EQ(Ask(Post("/api/personas", body)).status, 201);
}

TEST_F(HttpServiceTest, RefusesAHeadThatIsTooLarge) {
  const RawReply reply =
      Ask("GET /api/personas HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(20'000, 'a') +
          "\r\n\r\n");
  EXPECT_EQ(reply.status, 431);
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"HEADER_TOO_LARGE")"));
  EXPECT_EQ(Ask("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status,
            414);
  EXPECT_EQ(Ask("GET /api/personas/ada HTTP/1.1\r\nHost: localhost\r\nX-Long: " +
                std::string(15'000, 'a') + "\r\n\r\n")
                .status,
            200);
}

TEST_F(HttpServiceTest, RefusesBodiesBeforeTheyCome) {
  // Only the head is sent: the answer cannot depend on the body.
  const RawReply media =
      Ask("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
          "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(media.status, 415);
  EXPECT_EQ(media.headers.at("connection"), "close");
  EXPECT_EQ(
      Ask("GET /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n").status,
      400);
  EXPECT_EQ(Ask("POST /nope HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n").status, 404);
}

TEST_F(HttpServiceTest, AnswersWhatIsNotThere) {
  EXPECT_EQ(Ask("GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 404);
  const RawReply verb = Ask("PUT /api/chat HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(verb.status, 405);
  EXPECT_EQ(verb.headers.at("allow"), "OPTIONS, POST");
  EXPECT_EQ(Ask("BREW /api/chat HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 405);
  EXPECT_EQ(Ask("POST /docs HTTP/1.1\r\nHost: localhost\r\n\r\n").headers.at("allow"),
            "GET, HEAD, OPTIONS");
  const RawReply query = Ask("GET /api/personas/a?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(query.status, 400);
  EXPECT_THAT(query.body, HasSubstr(R"("field":"x")"));
}

TEST_F(HttpServiceTest, AnswersOptionsAndPreflights) {
  const RawReply options = Ask("OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.at("allow"), "OPTIONS, POST");
  EXPECT_EQ(Ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 204);
  const RawReply preflight =
      Ask("OPTIONS /api/chat HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n"
          "Access-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.headers.at("access-control-allow-origin"), "http://localhost:3000");
  EXPECT_EQ(preflight.headers.at("access-control-max-age"), "86400");
  EXPECT_TRUE(preflight.Has("x-correlation-id"));
}

TEST_F(HttpServiceTest, MarksErrorsForAllowedOriginsToo) {
  const RawReply reply =
      Ask("GET /nope HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n\r\n");
  EXPECT_EQ(reply.headers.at("access-control-allow-origin"), "http://localhost:3000");
  EXPECT_FALSE(Ask("GET /nope HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil\r\n\r\n")
                   .Has("access-control-allow-origin"));
}

TEST_F(HttpServiceTest, TakesTheAbsoluteForm) {
  EXPECT_EQ(Ask("GET http://localhost/api/personas/ada HTTP/1.1\r\nHost: localhost\r\n\r\n").status,
            200);
}

TEST_F(HttpServiceTest, DropsClientsThatAreSlowWithTheirHead) {
  RawClient silent(Address());
  RawClient slow(Address());
  slow.Send("GET /api/personas/ada HTTP/1.1\r\nHost:");
  EXPECT_TRUE(silent.ClosesWithin(absl::Seconds(5)));
  EXPECT_TRUE(slow.ClosesWithin(absl::Seconds(5)));
}

TEST_F(HttpServiceTest, DropsClientsThatDripTheirHead) {
  RawClient client(Address());
  client.Send("GET /api/personas/ada HTTP/1.1\r\n");
  const absl::Time begin = absl::Now();
  while (absl::Now() < begin + absl::Seconds(5) && !client.ClosesWithin(absl::Milliseconds(50))) {
    client.Send("X: y\r\n");
  }
  EXPECT_LT(absl::Now() - begin, absl::Seconds(3));
}

TEST_F(HttpServiceTest, DropsClientsThatAreSlowWithTheirBody) {
  RawClient client(Address());
  client.Send(
      "POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 50\r\n\r\n{");
  EXPECT_TRUE(client.ClosesWithin(absl::Seconds(5)));
}

TEST_F(HttpServiceTest, DropsIdleConnections) {
  RawClient client(Address());
  client.Send(kGet);
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_TRUE(client.ClosesWithin(absl::Seconds(5)));
}

TEST_F(HttpServiceTest, RefusesConnectionsOverTheLimit) {
  config_.limits.connections = 2;
  config_.limits.header = config_.limits.idle = std::chrono::seconds(30);
  RawClient first(Address());
  RawClient second(Address());
  first.Send(kGet);
  EXPECT_EQ(first.Read().status, 200);
  second.Send(kGet);
  EXPECT_EQ(second.Read().status, 200);
  RawClient third(Address());
  const RawReply reply = third.Read();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.at("retry-after"), "1");
  EXPECT_TRUE(reply.Has("x-correlation-id"));
  EXPECT_TRUE(third.ClosesWithin(absl::Seconds(5)));
  first.Close();
  EXPECT_TRUE(Eventually([&] { return Ask(kGet).status == 200; }));
}

TEST_F(HttpServiceTest, CancelsTheCallOfAClientThatGoesAway) {
  {
    RawClient client(Address());
    client.Send("GET /api/personas/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_TRUE(Eventually([&] { return !Gateway().seen().Metadata("x-correlation-id").empty(); }));
  }
  EXPECT_TRUE(Eventually([&] { return Gateway().seen().cancelled == 1; }));
  EXPECT_TRUE(Eventually(
      [&] { return Gateway().metrics().Text().find(R"(status="499")") != std::string::npos; }));
}

TEST_F(HttpServiceTest, AnswersAClientThatOnlyEndsItsOwnSide) {
  const std::string body = R"({"name":"Ada","type":"human"})";
  for (const std::string& request :
       {std::string(kGet), Post("/api/personas", body), kGet + Post("/api/personas", body)}) {
    RawClient client(Address());
    client.Send(request);
    client.EndInput();
    const RawReply reply = client.Read();
    EXPECT_TRUE(reply.status == 200 || reply.status == 201) << reply.status;
    if (request.size() > body.size() + std::string(kGet).size() + 120) {
      EXPECT_EQ(client.Read().status, 201);
    }
    EXPECT_TRUE(client.ClosesWithin(absl::Seconds(5)));
  }
}

TEST_F(HttpServiceTest, AnswersAHalfClosedClientThatHasToWait) {
  config_.unary_timeout = absl::Milliseconds(300);
  RawClient client(Address());
  client.Send("GET /api/personas/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.EndInput();
  // It is asked whether it is still there by an interim answer, which every client passes over.
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.Read().status, 504);
  EXPECT_TRUE(client.ClosesWithin(absl::Seconds(5)));
}

TEST_F(HttpServiceTest, DropsARequestWhoseRestWillNotCome) {
  for (const char* half : {"GET /livez HTTP/1.1\r\nHost:",
                           "POST /api/personas HTTP/1.1\r\nHost: localhost\r\n"
                           "Content-Type: application/json\r\nContent-Length: 5\r\n\r\n{"}) {
    RawClient client(Address());
    client.Send(half);
    client.EndInput();
    EXPECT_TRUE(client.ClosesWithin(absl::Seconds(5)));
  }
}

TEST_F(HttpServiceTest, TakesParametersOfTheMediaType) {
  const auto ask = [&](const std::string& type) {
    return Ask("POST /api/personas HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type +
               "\r\nContent-Length: 2\r\n\r\n{}")
        .status;
  };
  for (const char* type : {"application/json; version=1", "application/json;charset=UTF-8; a=b",
                           "Application/JSON ; profile=\"a;b\"", "application/json;"}) {
    EXPECT_EQ(ask(type), 201) << type;
  }
  for (const char* type : {"application/json; charset=latin1", "application/json; version",
                           "application/json; a=b; charset=\"utf-16\"", "application/jsonx", ""}) {
    EXPECT_EQ(ask(type), 415) << type;
  }
}

TEST_F(HttpServiceTest, IsNoServerOfOtherPages) {
  const auto ask = [&](const std::string& line, const std::string& headers) {
    return Ask(line + " HTTP/1.1\r\n" + headers + "Content-Length: 0\r\n\r\n");
  };
  const std::string evil = "Host: evil.example\r\n";
  for (const char* line :
       {"GET /livez", "GET /readyz", "GET /docs", "GET /openapi.json", "GET /api/health",
        "GET /api/personas/ada", "POST /api/admin/setup-database", "OPTIONS /api/chat", "GET /no",
        "OPTIONS *", "GET http://evil.example/livez"}) {
    const RawReply reply = ask(line, evil);
    EXPECT_EQ(reply.status, 403) << line;
    EXPECT_THAT(reply.body, HasSubstr(R"("code":"HOST_NOT_ALLOWED")")) << line;
  }
  const RawReply foreign =
      ask("POST /api/admin/setup-database", "Host: localhost\r\nOrigin: http://evil.example\r\n");
  EXPECT_EQ(foreign.status, 403);
  EXPECT_THAT(foreign.body, HasSubstr(R"("code":"ORIGIN_NOT_ALLOWED")"));
  EXPECT_THAT(Gateway().admin().calls(), ::testing::IsEmpty());
}

TEST_F(HttpServiceTest, EndsCallsThatTakeTooLong) {
  config_.unary_timeout = absl::Milliseconds(200);
  const RawReply reply = Ask("GET /api/personas/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(reply.status, 504);
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"TIMEOUT")"));
}

TEST_F(HttpServiceTest, AnUnimplementedRpcIsNotImplemented) {
  EXPECT_EQ(Ask("GET /api/profile HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 501);
}

TEST_F(HttpServiceTest, DrainEndsIdleConnectionsAndWaitsForRequests) {
  config_.limits.idle = std::chrono::seconds(30);
  config_.unary_timeout = absl::Milliseconds(500);
  RawClient idle(Address());
  idle.Send(kGet);
  EXPECT_EQ(idle.Read().status, 200);
  RawClient busy(Address());
  busy.Send("GET /api/personas/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(Eventually(
      [&] { return Gateway().metrics().Text().find("connections 2") != std::string::npos; }));
  Gateway().frontend().Drain(absl::Now() + absl::Seconds(10));
  EXPECT_TRUE(idle.ClosesWithin(absl::Seconds(1)));
  const RawReply reply = busy.Read();
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(reply.headers.at("connection"), "close");
  EXPECT_FALSE(RawClient(Address()).connected());
}

TEST_F(HttpServiceTest, DrainCutsAtItsDeadline) {
  RawClient busy(Address());
  busy.Send("GET /api/personas/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return !Gateway().seen().Metadata("x-correlation-id").empty(); }));
  Gateway().frontend().Drain(absl::Now() + absl::Milliseconds(100));
  EXPECT_TRUE(busy.ClosesWithin(absl::Seconds(1)));
  EXPECT_TRUE(Eventually([&] { return Gateway().seen().cancelled == 1; }));
}

TEST_F(HttpServiceTest, ReportsHealth) {
  const char* ask = "GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const char* ready = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  // Also those that a part serves besides its own.
  for (const ServiceName& service : ServicesOf(LinkedFiles().value()))
    Gateway().SetServing(service.full_name, true);
  EXPECT_THAT(Ask(ask).body, HasSubstr(R"({"status":"healthy","version":)"));
  EXPECT_TRUE(Gateway().frontend().Ready());

  Gateway().SetServing("dramatis.inference.v1.InferenceService", false);
  EXPECT_THAT(Ask(ask).body, HasSubstr(R"("status":"degraded")"));
  EXPECT_THAT(Ask(ask).body, HasSubstr(R"("inference":"not_serving")"));
  EXPECT_EQ(Ask(ask).status, 200);
  EXPECT_EQ(Ask(ready).status, 200);

  Gateway().SetServing("dramatis.memory.v1.MemoryService", false);
  const RawReply down = Ask(ask);
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(down.headers.at("retry-after"), "1");
  EXPECT_THAT(down.body, HasSubstr(R"("status":"unhealthy")"));
  EXPECT_EQ(Ask(ready).status, 503);
  EXPECT_FALSE(Gateway().frontend().Ready());
}

TEST_F(HttpServiceTest, ServesItsOwnPages) {
  EXPECT_EQ(Ask("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  const RawReply openapi = Ask("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(openapi.headers.at("content-type"), "application/json");
  EXPECT_THAT(openapi.body, HasSubstr(R"("openapi":"3.1.0")"));
  const RawReply root = Ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  if (BuiltWebFiles().files.empty()) {
    EXPECT_EQ(root.status, 302);
    EXPECT_EQ(root.headers.at("location"), "/docs");
  } else {
    EXPECT_EQ(root.status, 200);
    EXPECT_THAT(root.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  }
  EXPECT_EQ(Ask("GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  const RawReply docs = Ask("GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(docs.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(docs.body, Not(HasSubstr("http")));
  EXPECT_GT(Ask("GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n").body.size(),
            1'000'000U);
}

TEST_F(HttpServiceTest, CountsRequestsByRoute) {
  Ask(kGet);
  EXPECT_TRUE(Eventually([&] {
    return Gateway().metrics().Text().find(
               R"(dramatis_http_requests_total{method="GET",route="/api/personas/{persona_id}",)"
               R"(status="200"} 1)") != std::string::npos;
  })) << Gateway().metrics().Text();
}

}  // namespace
}  // namespace dramatis::gateway
