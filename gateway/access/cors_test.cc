#include "gateway/access/cors.h"

#include "gateway/testing/tables.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

const Cors& TestCors() {
  static const Cors& cors = *new Cors({"http://localhost:3000", "https://app.example"});
  return cors;
}

TEST(CorsTest, AllowsTheListedOriginsAndNoOthers) {
  EXPECT_TRUE(TestCors().Allows("http://localhost:3000"));
  EXPECT_TRUE(TestCors().Allows("https://app.example"));
  for (const char* origin :
       {"", "null", "*", "http://localhost", "http://localhost:30000", "https://localhost:3000",
        "https://evil.app.example", "https://app.example.evil", "HTTPS://APP.EXAMPLE",
        "https://app.example/"}) {
    EXPECT_FALSE(TestCors().Allows(origin)) << origin;
  }
}

TEST(CorsTest, KnowsAPreflight) {
  EXPECT_TRUE(Cors::IsPreflight(MakeRequest(
      "OPTIONS", "/x", "", {{"Origin", "a"}, {"Access-Control-Request-Method", "POST"}})));
  EXPECT_FALSE(Cors::IsPreflight(MakeRequest("OPTIONS", "/x", "", {{"Origin", "a"}})));
  EXPECT_FALSE(Cors::IsPreflight(
      MakeRequest("GET", "/x", "", {{"Origin", "a"}, {"Access-Control-Request-Method", "POST"}})));
}

TEST(CorsTest, AnswersAPreflight) {
  const HttpAnswer answer = TestCors().Preflight("https://app.example");
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.headers, Contains(Pair("Access-Control-Allow-Methods",
                                            "GET, POST, PUT, PATCH, DELETE, OPTIONS")));
  EXPECT_THAT(answer.headers,
              Contains(Pair("Access-Control-Allow-Headers", HasSubstr("Idempotency-Key"))));
  EXPECT_THAT(answer.headers, Contains(Pair("Access-Control-Max-Age", "86400")));
}

TEST(CorsTest, AnswersAPreflightOfAnotherOriginWithNothing) {
  const HttpAnswer answer = TestCors().Preflight("https://evil.example");
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.headers, IsEmpty());
}

TEST(CorsTest, MarksAnswersToAllowedOrigins) {
  std::string head;
  TestCors().Append("https://app.example", head);
  EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Origin: https://app.example\r\n"));
  EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Credentials: true\r\n"));
  EXPECT_THAT(head, HasSubstr("Vary: Origin\r\n"));
}

TEST(CorsTest, OtherAnswersOnlyVary) {
  for (const char* origin : {"", "https://evil.example"}) {
    std::string head;
    TestCors().Append(origin, head);
    EXPECT_EQ(head, "Vary: Origin\r\n");
  }
}

}  // namespace
}  // namespace dramatis::gateway
