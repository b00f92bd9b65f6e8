#include "shared/executor/periodic.h"

#include <atomic>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// Time passes when the test says so.
class FakeTimers : public Timers {
 public:
  void After(absl::Duration delay, std::function<void()> task) override {
    tasks_.emplace_back(delay, std::move(task));
  }
  absl::Duration RunNext() {
    auto [delay, task] = std::move(tasks_.front());
    tasks_.erase(tasks_.begin());
    task();
    return delay;
  }
  size_t waiting() const { return tasks_.size(); }

 private:
  std::vector<std::pair<absl::Duration, std::function<void()>>> tasks_;
};

class FakeLogger : public Logger {
 public:
  void Log(LogLevel /*level*/,
           const std::string& message,
           std::initializer_list<LogField> fields) override {
    const absl::MutexLock lock(&mutex_);
    std::string line = message;
    for (const LogField& field : fields) {
      if (const auto* text = std::get_if<std::string>(&field.value)) {
        line += " " + field.name + "=" + *text;
      }
    }
    lines_.push_back(line);
  }
  bool Enabled(LogLevel /*level*/) const override { return true; }
  std::vector<std::string> lines() const {
    const absl::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

class PeriodicJobsTest : public testing::Test {
 protected:
  // Returns when nothing is queued or runs.
  void AwaitIdle() {
    absl::Notification idle;
    executor_.Post([&] { idle.Notify(); });
    idle.WaitForNotification();
  }

  FakeClock clock_;
  FakeLogger logger_;
  Metrics metrics_;
  FakeTimers timers_;
  Executor executor_{1, 1};
  PeriodicJobs jobs_{"conversation", timers_, clock_, logger_, metrics_};
};

TEST_F(PeriodicJobsTest, RunsAtOnceAndThenEveryInterval) {
  int runs = 0;
  jobs_.Every(absl::Seconds(5), "room upkeep", executor_, [&] {
    ++runs;
    return absl::OkStatus();
  });
  AwaitIdle();
  EXPECT_EQ(runs, 1);

  EXPECT_EQ(timers_.RunNext(), absl::Seconds(5));
  AwaitIdle();
  EXPECT_EQ(timers_.RunNext(), absl::Seconds(5));
  AwaitIdle();

  EXPECT_EQ(runs, 3);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("dramatis_job_runs_total{name=\"room upkeep\",outcome=\"ok\","
                        "service=\"conversation\"} 3\n"));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("dramatis_job_last_success_timestamp_seconds{name=\"room upkeep\","
                        "service=\"conversation\"} 1800000000\n"));
}

TEST_F(PeriodicJobsTest, AFailureIsLoggedWithItsNameAndCountedAndTheNextRunComes) {
  std::vector<absl::Status> answers = {UnavailableError("no way to persona"), absl::OkStatus()};
  jobs_.Every(absl::Seconds(5), "room upkeep", executor_, [&] {
    const absl::Status answer = answers.front();
    answers.erase(answers.begin());
    return answer;
  });
  AwaitIdle();

  EXPECT_THAT(logger_.lines(),
              ElementsAre("periodic job failed job=room upkeep module=conversation "
                          "code=UNAVAILABLE error=no way to persona"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("outcome=\"failed\",service=\"conversation\"} 1\n"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("_seconds{name=\"room upkeep\",service=\"conversation\"} "
                                         "0\n"));

  timers_.RunNext();
  AwaitIdle();
  EXPECT_THAT(logger_.lines(), SizeIs(1));
  EXPECT_THAT(metrics_.Text(), HasSubstr("outcome=\"ok\",service=\"conversation\"} 1\n"));
}

TEST_F(PeriodicJobsTest, ARunThatTakesLongIsNotOvertaken) {
  absl::Notification go_on;
  int runs = 0;
  jobs_.Every(absl::Seconds(5), "slow", executor_, [&] {
    if (++runs == 1) go_on.WaitForNotification();
    return absl::OkStatus();
  });
  timers_.RunNext();
  timers_.RunNext();
  go_on.Notify();
  AwaitIdle();
  EXPECT_EQ(runs, 1);

  timers_.RunNext();
  AwaitIdle();
  EXPECT_EQ(runs, 2);
}

TEST_F(PeriodicJobsTest, SoManyRunsGoOnAtOnceAsAreAllowed) {
  Executor threads(3, 3);
  absl::Notification go_on;
  std::atomic<int> runs = 0;
  jobs_.Every(absl::Seconds(1), "wide", threads,
              [&] {
                ++runs;
                go_on.WaitForNotification();
                return absl::OkStatus();
              },
              {.at_once = 2});
  timers_.RunNext();
  timers_.RunNext();
  timers_.RunNext();
  while (runs < 2) {
  }
  go_on.Notify();
  jobs_.Stop();

  EXPECT_EQ(runs, 2);
}

TEST_F(PeriodicJobsTest, StopWaitsForTheRunUnderWayAndBeginsNoOther) {
  absl::Notification began;
  int runs = 0;
  jobs_.Every(absl::Seconds(5), "patient", executor_, [&] {
    began.Notify();
    while (!jobs_.ending()) {
    }
    ++runs;
    return absl::OkStatus();
  });
  began.WaitForNotification();

  jobs_.Stop();

  EXPECT_EQ(runs, 1);
  timers_.RunNext();
  EXPECT_EQ(timers_.waiting(), 0);
  jobs_.Every(absl::Seconds(5), "late", executor_, [&] {
    ++runs;
    return absl::OkStatus();
  });
  AwaitIdle();
  EXPECT_EQ(runs, 1);
}

TEST_F(PeriodicJobsTest, AJobIsInTheMetricsBeforeItsFirstRun) {
  absl::Notification go_on;
  executor_.Post([&] { go_on.WaitForNotification(); });
  jobs_.Every(absl::Seconds(5), "waiting", executor_, [] { return absl::OkStatus(); });

  EXPECT_THAT(metrics_.Text(), HasSubstr("dramatis_job_last_success_timestamp_seconds{"
                                         "name=\"waiting\",service=\"conversation\"} 0\n"));
  EXPECT_THAT(metrics_.Text(),
              Not(HasSubstr(R"(name="waiting",outcome="ok",service="conversation"} 1)")));
  go_on.Notify();
  executor_.Stop();  // nobody waits for `go_on` any more
}

}  // namespace
}  // namespace dramatis
