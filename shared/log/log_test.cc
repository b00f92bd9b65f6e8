#include "shared/log/log.h"

#include <limits>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/executor/executor.h"
#include "shared/log/audit.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

// The records that `write` wrote to standard error.
template <class Write>
std::vector<boost::json::object> Records(Write write) {
  testing::internal::CaptureStderr();
  write();
  std::vector<boost::json::object> records;
  const std::vector<std::string> lines =
      absl::StrSplit(testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    records.push_back(boost::json::parse(line).as_object());
  }
  return records;
}

TEST(LoggerTest, WritesOneJsonObjectALine) {
  const auto records = Records([] {
    MakeLogger("info", "conversation")
        ->Info("turn finished",
               {{"turn_id", "t1"}, {"tokens", 12}, {"seconds", 0.5}, {"ok", true}});
  });

  ASSERT_EQ(records.size(), 1U);
  const boost::json::object& record = records[0];
  EXPECT_EQ(record.at("level").as_string(), "info");
  EXPECT_EQ(record.at("service").as_string(), "conversation");
  EXPECT_EQ(record.at("message").as_string(), "turn finished");
  EXPECT_EQ(record.at("turn_id").as_string(), "t1");
  EXPECT_EQ(record.at("tokens").as_int64(), 12);
  EXPECT_EQ(record.at("seconds").as_double(), 0.5);
  EXPECT_TRUE(record.at("ok").as_bool());
}

TEST(LoggerTest, StaysJsonWhateverATextHolds) {
  const std::string texts[] = {"",     "plain",  R"(a "quoted" \ path)", "two\nlines",
                               "\x01", "Åsa 猫", std::string("a\0b", 3)};
  for (const std::string& text : texts) {
    const auto records = Records([&] { MakeLogger("info", "s")->Info(text, {{"f", text}}); });
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].at("message").as_string(), text);
    EXPECT_EQ(records[0].at("f").as_string(), text);
  }
  const auto records = Records([] { MakeLogger("info", "s")->Info("\xff", {}); });
  EXPECT_EQ(records[0].at("message").as_string(), "(not UTF-8)");
}

TEST(LoggerTest, WritesTheAuditLogAtEveryLevel) {
  const auto records = Records([] {
    const std::unique_ptr<Logger> logger = MakeLogger("error", "persona");
    CallContext call;
    call.identity = {.user_id = "alice"};
    call.correlation_id = "c1";
    Audit(*logger, "a.B/C", call, absl::OkStatus());
    Audit(*logger, "a.B/C", call, PermissionError("no"));
    Audit(*logger, "a.B/C", call, InternalError("broken"));
  });

  ASSERT_EQ(records.size(), 3U);
  for (const boost::json::object& record : records) {
    EXPECT_EQ(record.at("level").as_string(), "audit");
    EXPECT_EQ(record.at("service").as_string(), "persona");
    EXPECT_EQ(record.at("method").as_string(), "a.B/C");
    EXPECT_EQ(record.at("user_id").as_string(), "alice");
    EXPECT_EQ(record.at("correlation_id").as_string(), "c1");
  }
  EXPECT_EQ(records[0].at("outcome").as_string(), "allowed");
  EXPECT_EQ(records[1].at("outcome").as_string(), "refused");
  EXPECT_EQ(records[1].at("reason").as_string(), "PERMISSION_DENIED");
  EXPECT_EQ(records[2].at("outcome").as_string(), "failed");
}

TEST(LoggerTest, WritesNumbersAsShortAsTheyReadBack) {
  testing::internal::CaptureStderr();
  MakeLogger("info", "s")
      ->Info("m",
             {{"a", 0.30000000000000004}, {"b", 3.6082816}, {"c", 0.1}, {"d", 5.0}, {"e", 1e300}});
  const std::string line = testing::internal::GetCapturedStderr();

  EXPECT_THAT(line, testing::HasSubstr(R"("a":0.30000000000000004,"b":3.6082816,"c":0.1,"d":5,)"));
  EXPECT_EQ(boost::json::parse(line).as_object().at("e").as_double(), 1e300);
}

TEST(LogScopeTest, PutsTheCallsIdsOnEveryLineOfItsBlock) {
  CallContext call;
  call.correlation_id = "c1";
  call.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const auto records = Records([&] {
    const auto logger = MakeLogger("info", "s");
    logger->Info("before");
    {
      const LogScope scope(call);
      logger->Info("within");
      logger->Info("its own", {{"correlation_id", "other"}});
      {
        const LogScope inner(nullptr);
        logger->Info("apart");
      }
      logger->Info("within again");
    }
    logger->Info("after");
  });

  ASSERT_EQ(records.size(), 6U);
  for (const int i : {0, 3, 5})
    EXPECT_FALSE(records.at(i).contains("correlation_id")) << i;
  for (const int i : {1, 4}) {
    EXPECT_EQ(records.at(i).at("correlation_id").as_string(), "c1");
    EXPECT_EQ(records.at(i).at("trace_id").as_string(), "0af7651916cd43dd8448eb211c80319c");
  }
  EXPECT_EQ(records[2].at("correlation_id").as_string(), "other");
}

TEST(LogScopeTest, GoesWithATaskToItsThread) {
  CallContext call;
  call.correlation_id = "c1";
  const auto records = Records([&] {
    const auto logger = MakeLogger("info", "s");
    Executor executor(1, 8);
    {
      const LogScope scope(call);
      ASSERT_TRUE(executor.TryPost([&] { logger->Info("of the call"); }));
    }
    ASSERT_TRUE(executor.Post([&] { logger->Info("of none"); }));
    executor.Stop();
  });

  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].at("correlation_id").as_string(), "c1");
  EXPECT_FALSE(records[1].contains("correlation_id"));
}

TEST(CallLoggerTest, WritesTheIdsOnWhateverThread) {
  CallContext call;
  call.correlation_id = "turn-1";
  const auto records = Records([&] {
    const auto logger = MakeLogger("info", "s");
    CallLogger of_turn(*logger, LogIdsOf(call));
    std::thread([&] { of_turn.Info("turn ended"); }).join();
  });

  EXPECT_EQ(records.at(0).at("correlation_id").as_string(), "turn-1");
  EXPECT_EQ(records.at(0).at("trace_id").as_string(), "");
}

TEST(LoggerTest, SaysTheTimeInUtcToTheMicrosecond) {
  const auto records = Records([] { MakeLogger("info", "s")->Info("now"); });

  const std::string time(records.at(0).at("time").as_string());
  absl::Time parsed;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, time, &parsed, nullptr)) << time;
  EXPECT_EQ(time.size(), std::string("2026-01-02T03:04:05.678901Z").size());
  EXPECT_EQ(time.back(), 'Z');
}

TEST(LoggerTest, KeepsALineALine) {
  const std::string nasty = "a\"b\\c\nd\r\x01 {\"level\":\"error\"} 😀";

  const auto records =
      Records([&] { MakeLogger("info", "s")->Warning(nasty, {{"n\"ame", nasty}}); });

  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].at("message").as_string(), nasty);
  EXPECT_EQ(records[0].at("n\"ame").as_string(), nasty);
}

TEST(LoggerTest, StaysJsonWhateverGetsIn) {
  const auto records = Records([] {
    MakeLogger("info", "s")
        ->Error("bad \xff bytes",
                {{"nan", std::numeric_limits<double>::quiet_NaN()}, {"x", "\xc2"}});
  });

  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records[0].at("nan").is_null());
}

TEST(LoggerTest, LeavesOutWhatIsBelowItsLevel) {
  const auto log_all = [](const std::string& level) {
    return Records([&] {
             const auto logger = MakeLogger(level, "s");
             logger->Debug("d");
             logger->Info("i");
             logger->Warning("w");
             logger->Error("e");
           })
        .size();
  };

  EXPECT_EQ(log_all("debug"), 4U);
  EXPECT_EQ(log_all("info"), 3U);
  EXPECT_EQ(log_all("warning"), 2U);
  EXPECT_EQ(log_all("error"), 1U);
  EXPECT_TRUE(MakeLogger("warning", "s")->Enabled(LogLevel::kWarning));
  EXPECT_FALSE(MakeLogger("warning", "s")->Enabled(LogLevel::kInfo));
}

TEST(LoggerTest, MixesNoLinesOfManyThreads) {
  const auto records = Records([] {
    const auto logger = MakeLogger("info", "s");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 50; ++j)
          logger->Info("message", {{"j", j}});
      });
    }
    for (std::thread& thread : threads)
      thread.join();
  });

  EXPECT_EQ(records.size(), 200U);
}

TEST(SilentLoggerTest, WritesNothing) {
  EXPECT_TRUE(Records([] { MakeSilentLogger()->Error("e"); }).empty());
}

}  // namespace
}  // namespace dramatis
