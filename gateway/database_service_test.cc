// The gateway's answers about databases, over services in the same process.
#include <string>
#include <vector>

#include "gateway/testing/client.h"
#include "gateway/testing/services.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr char kStatus[] = "/api/admin/database-status";
constexpr char kSetup[] = "/api/admin/setup-database";
constexpr char kSeed[] = "/api/admin/seed-database";
constexpr char kConfirmed[] = R"({"confirm":"local"})";

class DatabaseServiceTest : public ::testing::Test {
 protected:
  RawReply Ask(const std::string& head, const std::string& body = "") {
    std::string request = head +
                          " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer local:" + caller_ +
                          "\r\n" + headers_;
    if (!body.empty()) {
      request +=
          "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n";
    }
    RawClient client(gateway_.address());
    client.Send(request + "\r\n" + body);
    return client.Read();
  }
  RawReply Get(const std::string& path) { return Ask("GET " + path); }
  RawReply Post(const std::string& path, const std::string& body) {
    return Ask("POST " + path, body);
  }
  // `user outcome` of each record of an admin call.
  std::vector<std::string> AuditLog() {
    std::vector<std::string> log;
    for (const RecordingLogger::Record& record : gateway_.logger().records()) {
      if (record.level != LogLevel::kAudit) continue;
      EXPECT_THAT(record.fields.at("method"), StartsWith("dramatis.gateway.v1.GatewayService/"));
      EXPECT_NE(record.fields.at("correlation_id"), "");
      if (record.message != "admin call") continue;  // a refused sign-in has a record of its own
      log.push_back(record.fields.at("user_id") + " " + record.fields.at("outcome"));
    }
    return log;
  }

  std::string caller_ = "root:admin";
  std::string headers_;
  TestGateway gateway_{QuickConfig()};
  FakeAdmin& admin_ = gateway_.admin();
};

TEST_F(DatabaseServiceTest, AsksEveryServiceForItsStatus) {
  const RawReply reply = Get(kStatus);

  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("environment":"local")"));
  for (const char* service : {"conversation", "inference", "memory", "persona"}) {
    EXPECT_THAT(reply.body,
                HasSubstr("\"" + std::string(service) +
                          R"(":{"status":"serving","engine":"sqlite","connected":true)"));
  }
  EXPECT_THAT(admin_.calls(), SizeIs(4));
  EXPECT_THAT(AuditLog(), ElementsAre("root allowed"));
}

TEST_F(DatabaseServiceTest, SaysWhichServiceDoesNotAnswer) {
  admin_.Answer("memory", UnavailableError("connection refused by 10.0.0.1"));
  const RawReply reply = Get(kStatus);

  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("memory":{"status":"not_serving",)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("problem":"the service does not answer")"));
  EXPECT_THAT(reply.body, HasSubstr(R"("persona":{"status":"serving")"));
  EXPECT_THAT(reply.body, Not(HasSubstr("10.0.0.1")));
}

TEST_F(DatabaseServiceTest, RefusesEverybodyElseBeforeAskingAnyService) {
  for (const char* caller : {"alice", "alice:service", "alice:root", ""}) {
    caller_ = caller;
    for (const RawReply& reply : {Get(kStatus), Post(kSetup, "{}"), Post(kSeed, kConfirmed)}) {
      EXPECT_TRUE(reply.status == 403 || reply.status == 401) << reply.status;
    }
  }
  EXPECT_THAT(admin_.calls(), IsEmpty());
  EXPECT_THAT(AuditLog(), SizeIs(12));
  EXPECT_THAT(AuditLog(), Each(HasSubstr(" refused")));
}

TEST_F(DatabaseServiceTest, PassesOnThatAServiceRefusesTheCaller) {
  admin_.Answer("memory", PermissionError("only an admin may do this"));
  EXPECT_EQ(Get(kStatus).status, 403);
}

TEST_F(DatabaseServiceTest, SetsUpEveryService) {
  const RawReply reply = Post(kSetup, "{}");

  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("persona":{"applied":["0001_first"],"schemaVersion":1})"));
  EXPECT_THAT(admin_.calls(),
              UnorderedElementsAre("SetupDatabase conversation", "SetupDatabase inference",
                                   "SetupDatabase memory", "SetupDatabase persona"));
}

TEST_F(DatabaseServiceTest, NamesTheServiceThatCouldNotBeSetUp) {
  admin_.Answer("memory", UnavailableError("away"));
  const RawReply reply = Post(kSetup, "{}");

  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr(R"("service":"memory")"));
  EXPECT_THAT(AuditLog(), ElementsAre("root failed"));
}

TEST_F(DatabaseServiceTest, TellsWhatAServiceDecidedBeforeWhatIsAway) {
  admin_.Answer("conversation", UnavailableError("away"));
  admin_.Answer("memory", Error(absl::StatusCode::kPermissionDenied,
                                admin::v1::ERROR_REASON_ADMIN_DISABLED, "not here"));
  admin_.Answer("persona", UnavailableError("away"));
  const RawReply reply = Post(kSetup, "{}");

  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"ADMIN_DISABLED")"));
}

TEST_F(DatabaseServiceTest, SeedsOnceEveryServiceWould) {
  admin_.HasSample("inference");
  const RawReply reply = Post(kSeed, kConfirmed);

  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr(R"("persona":{"seeded":true,"created":{"things":2}})"));
  EXPECT_THAT(reply.body, HasSubstr(R"("inference":{"seeded":false)"));
  EXPECT_EQ(admin_.confirmed(), "local");
  ASSERT_THAT(admin_.calls(), SizeIs(8));
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_THAT(admin_.calls()[i], StartsWith(i < 4 ? "ValidateSeed " : "SeedDatabase "));
  }
}

TEST_F(DatabaseServiceTest, SeedsNothingWhereOneServiceWouldNot) {
  admin_.Answer("memory", Error(absl::StatusCode::kPermissionDenied,
                                admin::v1::ERROR_REASON_ADMIN_DISABLED, "not empty"));
  const RawReply reply = Post(kSeed, kConfirmed);

  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"ADMIN_DISABLED")"));
  EXPECT_THAT(admin_.calls(), Each(StartsWith("ValidateSeed ")));
}

TEST_F(DatabaseServiceTest, AsksNobodyWithoutAConfirmation) {
  const RawReply reply = Post(kSeed, "{}");

  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr(R"("field":"confirm")"));
  EXPECT_THAT(admin_.calls(), IsEmpty());
}

TEST_F(DatabaseServiceTest, SeedsNothingTwice) {
  for (const char* service : {"conversation", "inference", "memory", "persona"})
    admin_.HasSample(service);
  const RawReply reply = Post(kSeed, kConfirmed);

  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"ADMIN_DISABLED")"));
}

TEST_F(DatabaseServiceTest, GoesOnAndIsWrittenDownWhenTheClientHasGone) {
  for (const absl::Status& outcome : {UnavailableError("away"), absl::OkStatus()}) {
    admin_.Answer("memory", outcome);
    admin_.Hold();
    const size_t before = AuditLog().size();
    for (const std::string& request :
         {std::string("GET ") + kStatus, std::string("POST ") + kSetup}) {
      const size_t calls = admin_.calls().size();
      RawClient client(gateway_.address());
      client.Send(request + " HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(8'000, 'x') +
                  "\r\nAuthorization: Bearer local:root:admin\r\n\r\n");
      ASSERT_TRUE(Eventually([&] { return admin_.calls().size() == calls + 4; }));
    }
    ASSERT_TRUE(Eventually([&] {
      return gateway_.metrics().Text().find("dramatis_http_connections 0") != std::string::npos;
    }));
    admin_.Release();
    ASSERT_TRUE(Eventually([&] { return AuditLog().size() == before + 2; }));
  }
  EXPECT_THAT(AuditLog(), ::testing::UnorderedElementsAre("root allowed", "root failed",
                                                          "root allowed", "root allowed"));
}

TEST_F(DatabaseServiceTest, SaysThatAnAnswerIsARepetition) {
  EXPECT_FALSE(Post(kSeed, kConfirmed).Has("idempotency-replayed"));
  headers_ = "Idempotency-Key: k\r\n";
  EXPECT_EQ(Post(kSeed, kConfirmed).headers.at("idempotency-replayed"), "true");
  EXPECT_EQ(Post(kSetup, "{}").headers.at("idempotency-replayed"), "true");
}

}  // namespace
}  // namespace dramatis::gateway
