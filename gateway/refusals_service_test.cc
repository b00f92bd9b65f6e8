// What a crowd of refused requests leaves in the log and in the metrics.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "gateway/calls/refusal_records.h"
#include "gateway/testing/parts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/call/authenticator.h"
#include "shared/rpc/testing/test_server.h"

namespace dramatis::gateway {
namespace {

using ::testing::HasSubstr;

constexpr int kCrowd = 250;

int64_t CountOf(const RecordingLogger& logger, const std::string& message) {
  const auto records = logger.records();
  return std::count_if(records.begin(), records.end(),
                       [&](const auto& record) { return record.message == message; });
}

struct RefusalRecordsTest : ::testing::Test {
  // How many of so many are to be written down.
  int Take(const std::string& reason, int number) const {
    int whole = 0;
    for (int i = 0; i < number; ++i)
      whole += static_cast<int>(refusals->TakeSignIn(reason));
    return whole;
  }
  // The first record: of a whole crowd's refusals those that were only counted.
  void ExpectTold(LogLevel level,
                  const std::string& message,
                  const std::string& kind,
                  const std::string& name) const {
    const RecordingLogger::Record told = logger.records().front();
    EXPECT_EQ(told.level, level);
    EXPECT_EQ(told.message, message);
    EXPECT_EQ(told.fields.at(kind), name);
    EXPECT_EQ(told.fields.at("count"), "150");
  }

  FakeClock clock;
  RecordingLogger logger;
  Metrics metrics;
  std::unique_ptr<RefusalRecords> refusals =
      std::make_unique<RefusalRecords>(logger, metrics, clock);
};

TEST_F(RefusalRecordsTest, CountsThoseAfterTheFirstHundredOfASecond) {
  EXPECT_EQ(Take("signature", kCrowd), RefusalRecords::kMost);
  refusals->Tell();  // the second is not over
  EXPECT_TRUE(logger.records().empty());
  clock.Advance(absl::Seconds(1));
  refusals->Tell();
  ASSERT_EQ(logger.records().size(), 1U);
  ExpectTold(LogLevel::kAudit, "sign-ins refused", "reason", "signature");
  EXPECT_EQ(logger.records().front().fields.at("second"), "2027-01-15T08:00:00Z");
  refusals->Tell();
  EXPECT_EQ(logger.records().size(), 1U);
  EXPECT_THAT(metrics.Text(),
              HasSubstr("dramatis_sign_in_failures_total{reason=\"signature\"} 250"));
}

TEST_F(RefusalRecordsTest, ASecondBeginsAnewAndTellsOfTheOneBefore) {
  EXPECT_EQ(Take("expired", kCrowd), RefusalRecords::kMost);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(Take("expired", 2), 2);
  EXPECT_EQ(CountOf(logger, "sign-ins refused"), 1);
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(Take("expired", 1), 1);
  EXPECT_EQ(CountOf(logger, "sign-ins refused"), 1);
}

TEST_F(RefusalRecordsTest, NoReasonHidesAnother) {
  EXPECT_EQ(Take("signature", kCrowd), RefusalRecords::kMost);
  EXPECT_EQ(Take("expired", 1), 1);
  EXPECT_TRUE(refusals->TakeRequest("signature"));
}

TEST_F(RefusalRecordsTest, WithoutCredentialsNobodyIsCountedAsACrowd) {
  EXPECT_EQ(Take(std::string(kNoCredentials), kCrowd), kCrowd);
  EXPECT_THAT(metrics.Text(), HasSubstr("dramatis_sign_in_failures_total{reason=\"missing\"} 250"));
}

TEST_F(RefusalRecordsTest, TellsAtTheEnd) {
  for (int i = 0; i < kCrowd; ++i)
    refusals->TakeRequest("RATE_LIMITED");
  refusals.reset();
  ASSERT_EQ(logger.records().size(), 1U);
  ExpectTold(LogLevel::kInfo, "requests refused", "code", "RATE_LIMITED");
}

TEST(RefusalsServiceTest, ACrowdOfBadTokensIsAnsweredWholeAndWrittenDownInPart) {
  auto owned = std::make_unique<RecordingLogger>();
  const RecordingLogger& logger = *owned;
  TestParts parts({}, std::move(owned));
  HttpRequest request;
  request.verb = "GET";
  request.path = "/api/admin/database-status";
  request.headers = {{"Host", "localhost"}, {"Authorization", "Bearer nobody's"}};
  const auto ask = [&] {
    const HttpHandler::Opened opened = parts.dispatcher.Open(request, false, {});
    ASSERT_TRUE(opened.answer.has_value());
    EXPECT_EQ(opened.answer->status, 401);
    EXPECT_THAT(opened.answer->body, HasSubstr(R"("code":"UNAUTHENTICATED")"));
    EXPECT_THAT(opened.answer->body, HasSubstr("correlationId"));
    opened.task->Done(opened.answer->status, {});
  };
  for (int i = 0; i < kCrowd; ++i)
    ask();
  EXPECT_EQ(CountOf(logger, "sign-in refused"), RefusalRecords::kMost);
  EXPECT_EQ(CountOf(logger, "admin call"), RefusalRecords::kMost);
  EXPECT_EQ(CountOf(logger, "request"), RefusalRecords::kMost);
  EXPECT_EQ(CountOf(logger, "sign-ins refused"), 0);
  parts.clock.Advance(absl::Seconds(1));
  ask();
  EXPECT_EQ(CountOf(logger, "sign-ins refused"), 1);
  EXPECT_EQ(CountOf(logger, "request"), RefusalRecords::kMost + 1);
}

TEST(RefusalsServiceTest, SoIsWhatAnAddressAsksBeyondItsLimit) {
  auto owned = std::make_unique<RecordingLogger>();
  const RecordingLogger& logger = *owned;
  SetProcessAuthenticator(&NoClients());  // nobody is known before the limit is looked at
  GatewayConfig config;
  config.rate_limits.address = {1, absl::Minutes(1)};
  TestParts parts(config, std::move(owned));
  HttpRequest request;
  request.verb = "GET";
  request.path = "/api/personas";
  request.peer = "203.0.113.9";
  request.headers = {{"Host", "localhost"}, {"Authorization", "Bearer nobody's"}};
  for (int i = 0; i <= kCrowd; ++i) {
    const HttpHandler::Opened opened = parts.dispatcher.Open(request, false, {});
    ASSERT_TRUE(opened.answer.has_value());
    EXPECT_EQ(opened.answer->status, i == 0 ? 401 : 429);
    opened.task->Done(opened.answer->status, {});
  }
  EXPECT_EQ(CountOf(logger, "sign-in refused"), 1);
  EXPECT_EQ(CountOf(logger, "request"), 1 + RefusalRecords::kMost);
  parts.clock.Advance(absl::Seconds(1));
  parts.refusals.Tell();
  EXPECT_EQ(CountOf(logger, "requests refused"), 1);
  SetProcessAuthenticator(nullptr);
}

}  // namespace
}  // namespace dramatis::gateway
