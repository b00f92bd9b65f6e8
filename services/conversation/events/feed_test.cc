#include "services/conversation/events/feed.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

TEST(LocalRoomFeedTest, WakesEveryListenerOfTheRoomAndNoOther) {
  LocalRoomFeed feed;
  int first = 0;
  int second = 0;
  int other = 0;
  const auto one = feed.Listen("a", [&] { ++first; });
  const auto two = feed.Listen("a", [&] { ++second; });
  const auto three = feed.Listen("b", [&] { ++other; });

  feed.Changed("a");

  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  EXPECT_EQ(other, 0);
}

TEST(LocalRoomFeedTest, WakesNobodyAfterTheSubscription) {
  LocalRoomFeed feed;
  int woken = 0;
  auto subscription = feed.Listen("a", [&] { ++woken; });
  feed.Changed("a");

  subscription.reset();
  feed.Changed("a");

  EXPECT_EQ(woken, 1);
}

TEST(LocalRoomFeedTest, TellsOthersOfItsOwnChangesOnly) {
  std::vector<std::string> told;
  LocalRoomFeed feed([&](const std::string& id) { told.push_back(id); });
  int woken = 0;
  const auto subscription = feed.Listen("a", [&] { ++woken; });

  feed.Wake("a");
  feed.Changed("a");
  feed.Changed("nobody listens");

  EXPECT_EQ(woken, 2);
  EXPECT_THAT(told, testing::ElementsAre("a", "nobody listens"));
}

TEST(LocalRoomFeedTest, HoldsNoLockWhileItWakes) {
  LocalRoomFeed feed;
  std::unique_ptr<RoomSubscription> subscription;
  std::unique_ptr<RoomSubscription> other;
  int woken = 0;
  subscription = feed.Listen("a", [&] {
    other = feed.Listen("b", [&] { ++woken; });
    subscription.reset();
  });

  feed.Changed("a");
  feed.Changed("b");

  EXPECT_EQ(woken, 1);
}

TEST(LocalRoomFeedTest, IsUsedByManyThreads) {
  LocalRoomFeed feed;
  std::atomic<int> woken = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const auto subscription = feed.Listen("a", [&] { ++woken; });
        feed.Changed("a");
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();

  EXPECT_GE(woken, 2000);
}

}  // namespace
}  // namespace dramatis::conversation
