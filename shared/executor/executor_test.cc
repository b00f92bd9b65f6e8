#include "shared/executor/executor.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(ExecutorTest, RunsEveryTask) {
  std::atomic<int> runs = 0;
  {
    Executor executor(3, 1000);
    for (int i = 0; i < 500; ++i)
      EXPECT_TRUE(executor.TryPost([&] { ++runs; }));
  }
  EXPECT_EQ(runs, 500);
}

TEST(ExecutorTest, RefusesOnceThreadsAndQueueAreFull) {
  Executor executor(2, 3);
  absl::Notification release;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(executor.TryPost([&] { release.WaitForNotification(); })) << i;
  }

  EXPECT_FALSE(executor.TryPost([] {}));
  std::atomic<bool> ran = false;
  EXPECT_TRUE(executor.Post([&] { ran = true; }));  // past the limit

  release.Notify();
  executor.Stop();
  EXPECT_TRUE(ran);
}

TEST(ExecutorTest, RefusesNewWorkWhileItsQueueStands) {
  Executor executor(1, 10, std::chrono::milliseconds(1));
  absl::Notification release;
  EXPECT_FALSE(executor.Refuses());  // nothing waits
  ASSERT_TRUE(executor.TryBegin([&] { release.WaitForNotification(); }));
  absl::Notification done;
  ASSERT_TRUE(executor.TryBegin([&] { done.Notify(); }));
  while (!executor.Refuses())
    std::this_thread::yield();
  EXPECT_FALSE(executor.TryBegin([] {}));
  std::atomic<int> ran = 0;
  EXPECT_TRUE(executor.TryPost([&] { ++ran; }));  // begun elsewhere
  EXPECT_TRUE(executor.Post([&] { ++ran; }));

  release.Notify();
  done.WaitForNotification();
  while (ran < 2)
    std::this_thread::yield();
  EXPECT_FALSE(executor.Refuses());
  executor.Stop();
}

TEST(ExecutorTest, TakesTasksWithoutAQueueWhileAThreadIsFree) {
  Executor executor(1, 0);
  absl::Notification release;

  EXPECT_TRUE(executor.TryPost([&] { release.WaitForNotification(); }));
  EXPECT_FALSE(executor.TryPost([] {}));

  release.Notify();
}

TEST(ExecutorTest, RunsAsManyAtOnceAsItHasThreads) {
  Executor executor(4, 0);
  std::atomic<int> waiting = 0;
  absl::Notification all;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(executor.TryPost([&] {
      if (++waiting == 4) all.Notify();
      all.WaitForNotification();
    }));
  }
  all.WaitForNotification();
}

TEST(ExecutorTest, MakesAThreadWhereATaskFindsNone) {
  const auto threads = [] {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
  };
  const auto before = threads();
  Executor executor(8, 8);
  EXPECT_EQ(threads(), before);

  absl::Notification done;
  ASSERT_TRUE(executor.TryPost([&] { done.Notify(); }));
  done.WaitForNotification();
  EXPECT_EQ(threads(), before + 1);
}

TEST(ExecutorTest, RefusesAfterStopAndHasRunWhatWasQueued) {
  Executor executor(1, 10);
  std::atomic<int> runs = 0;
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(executor.TryPost([&] { ++runs; }));

  executor.Stop();

  EXPECT_EQ(runs, 10);
  EXPECT_FALSE(executor.TryPost([] {}));
  EXPECT_FALSE(executor.Post([] {}));
  executor.Stop();  // again: no effect
}

TEST(ExecutorTest, LetsTasksPostTasks) {
  std::atomic<int> runs = 0;
  Executor executor(2, 10);
  absl::Notification done;
  ASSERT_TRUE(executor.TryPost([&] {
    ++runs;
    EXPECT_TRUE(executor.Post([&] {
      ++runs;
      done.Notify();
    }));
  }));
  done.WaitForNotification();
  EXPECT_EQ(runs, 2);
}

TEST(ExecutorTest, LosesNothingUnderManyPosters) {
  std::atomic<int> accepted = 0;
  std::atomic<int> runs = 0;
  {
    Executor executor(3, 16);
    std::vector<std::thread> posters;
    for (int i = 0; i < 4; ++i) {
      posters.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) {
          if (executor.TryPost([&] { ++runs; })) ++accepted;
        }
      });
    }
    for (std::thread& poster : posters)
      poster.join();
  }
  EXPECT_EQ(runs, accepted);
  EXPECT_GT(accepted, 0);
}

}  // namespace
}  // namespace dramatis
