#include "shared/time/timer.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/time/clock.h"

namespace dramatis {
namespace {

using ::testing::ElementsAre;

TEST(TimerTest, RunsTasksInTheOrderOfTheirTimes) {
  Timer timer;
  std::vector<int> ran;  // by the timer's thread only, until `done`
  absl::Notification done;
  timer.After(absl::Milliseconds(20), [&] {
    ran.push_back(2);
    done.Notify();
  });
  timer.After(absl::Milliseconds(1), [&] { ran.push_back(1); });
  timer.After(absl::Seconds(-5), [&] { ran.push_back(0); });

  done.WaitForNotification();

  EXPECT_THAT(ran, ElementsAre(0, 1, 2));
}

TEST(TimerTest, ATaskMayAskForTheNext) {
  Timer timer;
  absl::Notification done;
  timer.After(absl::ZeroDuration(),
              [&] { timer.After(absl::ZeroDuration(), [&] { done.Notify(); }); });
  done.WaitForNotification();
}

TEST(TimerTest, StopDropsWhatWaitsForHoweverLong) {
  std::atomic<bool> ran = false;
  auto held = std::make_shared<int>(0);
  Timer timer;
  timer.After(absl::InfiniteDuration(), [&ran, held] { ran = true; });

  timer.Stop();
  timer.After(absl::ZeroDuration(), [&ran] { ran = true; });

  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST(EndingTest, WakesWhoWaits) {
  Ending ending;
  EXPECT_FALSE(ending.WaitFor(absl::Milliseconds(1)));
  std::thread other([&] { ending.End(); });
  EXPECT_TRUE(ending.WaitFor(absl::InfiniteDuration()));
  other.join();
  EXPECT_TRUE(ending.ended());
}

TEST(SteadyClockTest, BeginsNowAndGoesOn) {
  const absl::Time before = absl::Now();
  const SteadyClock clock;
  const absl::Time first = clock.Now();
  EXPECT_GE(first, before - absl::Seconds(1));
  EXPECT_LE(first, absl::Now() + absl::Seconds(1));
  EXPECT_GE(clock.Now(), first);
}

}  // namespace
}  // namespace dramatis
