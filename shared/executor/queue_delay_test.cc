#include "shared/executor/queue_delay.h"

#include <algorithm>
#include <chrono>
#include <deque>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kTarget(100);

class QueueDelayTest : public testing::Test {
 protected:
  bool Refuses(milliseconds waited) { return delay_.Refuses(waited, now_); }
  // Tasks that have waited for so long begin, one every 10 ms.
  void Run(milliseconds waited, milliseconds time) {
    for (milliseconds passed(0); passed < time; passed += milliseconds(10)) {
      delay_.Note(waited, now_);
      now_ += milliseconds(10);
    }
  }

  QueueDelay delay_{kTarget};
  QueueDelay::Time now_{seconds(1'000)};
};

TEST_F(QueueDelayTest, TakesABurstHoweverLongItsTasksWait) {
  EXPECT_FALSE(Refuses(seconds(5)));
  Run(milliseconds(500), milliseconds(990));
  EXPECT_FALSE(Refuses(seconds(5)));
  Run(milliseconds(100), milliseconds(10));  // one that has not waited too long: the burst is over
  Run(milliseconds(500), milliseconds(990));
  EXPECT_FALSE(Refuses(seconds(5)));
  EXPECT_FALSE(delay_.stands());
}

TEST_F(QueueDelayTest, RefusesWhileAQueueStandsAndItsFirstTaskHasWaitedTooLong) {
  Run(milliseconds(101), milliseconds(1'010));
  EXPECT_TRUE(delay_.stands());
  EXPECT_TRUE(Refuses(milliseconds(101)));
  EXPECT_FALSE(Refuses(milliseconds(100)));
  EXPECT_FALSE(Refuses(milliseconds(0)));
  // The queue is short because others were refused: it still stands.
  EXPECT_TRUE(Refuses(milliseconds(101)));
}

TEST_F(QueueDelayTest, TakesBurstsAgainOnceNobodyHasWaitedLongForAWhile) {
  Run(milliseconds(101), milliseconds(1'010));
  Run(milliseconds(99), milliseconds(900));
  EXPECT_TRUE(Refuses(milliseconds(101)));
  Run(milliseconds(99), milliseconds(1'010));
  EXPECT_FALSE(delay_.stands());
  EXPECT_FALSE(Refuses(seconds(5)));
}

TEST_F(QueueDelayTest, ForgetsAQueueAfterAPauseWithoutTasks) {
  Run(milliseconds(101), milliseconds(1'010));
  now_ += seconds(60);
  EXPECT_FALSE(Refuses(milliseconds(0)));
  EXPECT_FALSE(delay_.stands());
}

TEST_F(QueueDelayTest, WithoutATargetNothingIsRefused) {
  QueueDelay never(QueueDelay::kNever);
  for (int i = 0; i < 100; ++i, now_ += seconds(1))
    EXPECT_FALSE(never.Refuses(seconds(3'600), now_));
}

// A server that does a task in a millisecond, asked twice as often: what is refused is refused at
// once, what is taken waits for about the target, and the server is never idle.
TEST_F(QueueDelayTest, KeepsTheQueueAtItsTargetAndTheServerBusy) {
  std::deque<QueueDelay::Time> queue;
  int done = 0;
  int refused = 0;
  milliseconds longest(0);
  constexpr int kMilliseconds = 60'000;
  for (int i = 0; i < kMilliseconds; ++i, now_ += milliseconds(1)) {
    for (int asked = 0; asked < 2; ++asked) {
      const auto waited = queue.empty() ? QueueDelay::Duration(0) : now_ - queue.front();
      if (delay_.Refuses(waited, now_)) {
        ++refused;
      } else {
        queue.push_back(now_);
      }
    }
    ASSERT_FALSE(queue.empty()) << "idle at " << i;
    const auto waited = now_ - queue.front();
    queue.pop_front();
    delay_.Note(waited, now_);
    ++done;
    if (i > kMilliseconds / 2) {
      longest = std::max(longest, std::chrono::duration_cast<milliseconds>(waited));
    }
  }
  EXPECT_EQ(done, kMilliseconds);
  EXPECT_GT(refused, kMilliseconds * 9 / 10);
  EXPECT_LE(longest, 3 * kTarget);
}

}  // namespace
}  // namespace dramatis
