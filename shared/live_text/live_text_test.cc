#include "shared/live_text/live_text.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

TEST(LiveTextTest, ReadsFromAnyPosition) {
  LiveText live(1);
  live.Append("Hel");
  live.Append("lo");

  for (size_t offset = 0; offset <= 5; ++offset) {
    const LiveText::Read read = live.ReadFrom({1, offset});
    EXPECT_FALSE(read.reset);
    EXPECT_EQ(read.text, std::string("Hello").substr(offset));
    EXPECT_EQ(read.cursor, (LiveCursor{1, 5}));
    EXPECT_EQ(read.end, std::nullopt);
  }
  EXPECT_EQ(live.Text(), "Hello");
  EXPECT_FALSE(live.finished());
}

TEST(LiveTextTest, StartsWithWhatAFormerRunHadWritten) {
  LiveText live(3, "so far");
  live.Append(", and on");

  EXPECT_EQ(live.ReadFrom({3, 6}).text, ", and on");
}

TEST(LiveTextTest, TellsTheEndOnceAndForAll) {
  LiveText live(1);
  live.Append("text");
  live.Finish(absl::UnavailableError("provider away"));
  live.Append("late");
  live.Finish(absl::OkStatus());
  live.Restart(2);

  const LiveText::Read read = live.ReadFrom({1, 2});

  EXPECT_EQ(read.text, "xt");
  EXPECT_EQ(read.end, absl::UnavailableError("provider away"));
  EXPECT_TRUE(live.finished());
}

TEST(LiveTextTest, ResetsReadersOfAnEarlierAttempt) {
  LiveText live(1);
  live.Append("first try");
  live.Restart(2);
  live.Append("second");

  const LiveText::Read read = live.ReadFrom({1, 5});

  EXPECT_TRUE(read.reset);
  EXPECT_EQ(read.text, "second");
  EXPECT_EQ(read.cursor, (LiveCursor{2, 6}));
  EXPECT_FALSE(live.ReadFrom(read.cursor).reset);
}

TEST(LiveTextTest, ResetsWhereAPositionIsPastTheEndOrInsideACharacter) {
  LiveText live(1, "a😀");

  EXPECT_TRUE(live.ReadFrom({1, 6}).reset);
  for (size_t inside = 2; inside <= 4; ++inside) {
    const LiveText::Read read = live.ReadFrom({1, inside});
    EXPECT_TRUE(read.reset);
    EXPECT_EQ(read.text, "a😀");
  }
  EXPECT_FALSE(live.ReadFrom({1, 5}).reset);
}

TEST(LiveTextTest, GivesTheBeginningToACursorOfNoAttempt) {
  LiveText live(4, "text");

  const LiveText::Read read = live.ReadFrom({0, 0});

  EXPECT_FALSE(read.reset);
  EXPECT_EQ(read.text, "text");
  EXPECT_EQ(read.cursor, (LiveCursor{4, 4}));
}

TEST(LiveTextTest, CallsListenersAfterEachChange) {
  LiveText live(1);
  int calls = 0;
  int others = 0;
  const int listener = live.Listen([&] { ++calls; });
  live.Listen([&] { ++others; });

  live.Append("a");
  live.Append("");  // no change
  live.Restart(2);
  live.Unlisten(listener);
  live.Finish(absl::OkStatus());

  EXPECT_EQ(calls, 2);
  EXPECT_EQ(others, 3);
}

TEST(LiveTextTest, LetsListenersReadAndListen) {
  LiveText live(1);
  std::string seen;
  live.Listen([&] {
    seen = live.ReadFrom({1, 0}).text;
    if (seen == "a") live.Listen([] {});
  });

  live.Append("a");
  live.Append("b");

  EXPECT_EQ(seen, "ab");
}

TEST(LiveTextTest, WaitsInUnlistenForTheCallUnderWay) {
  LiveText live(1);
  absl::Notification inside;
  absl::Notification release;
  std::atomic<bool> left = false;
  const int listener = live.Listen([&] {
    inside.Notify();
    release.WaitForNotification();
    left = true;
  });
  std::thread producer([&] { live.Append("a"); });
  inside.WaitForNotification();

  std::thread releaser([&] { release.Notify(); });
  live.Unlisten(listener);

  EXPECT_TRUE(left);
  producer.join();
  releaser.join();
  live.Append("b");  // calls nobody: `inside` may be notified once only
}

TEST(LiveTextTest, ReleasesWhatAListenerHolds) {
  LiveText live(1);
  auto held = std::make_shared<int>(1);
  const int listener = live.Listen([held] {});
  ASSERT_EQ(held.use_count(), 2);

  live.Unlisten(listener);
  live.Unlisten(listener);  // again: no effect

  EXPECT_EQ(held.use_count(), 1);
}

// A reader as our streams are: it reads when woken, from where it was.
class Follower {
 public:
  explicit Follower(LiveText& live) : live_(live) {
    listener_ = live.Listen([this] { woken_.store(true); });
    woken_ = true;
  }
  ~Follower() { live_.Unlisten(listener_); }
  std::string FollowToTheEnd() {
    while (true) {
      if (!woken_.exchange(false)) {
        std::this_thread::yield();
        continue;
      }
      const LiveText::Read read = live_.ReadFrom(cursor_);
      if (read.reset) text_.clear();
      text_ += read.text;
      cursor_ = read.cursor;
      if (read.end.has_value()) return text_;
    }
  }

 private:
  LiveText& live_;
  int listener_ = 0;
  std::atomic<bool> woken_ = false;
  LiveCursor cursor_;
  std::string text_;
};

TEST(LiveTextTest, GivesEveryFollowerTheWholeText) {
  LiveText live(1);
  constexpr int kFollowers = 4;
  std::vector<std::string> texts(kFollowers);
  std::vector<std::thread> threads;
  for (std::string& text : texts) {
    threads.emplace_back([&] { text = Follower(live).FollowToTheEnd(); });
  }
  // Others come and go meanwhile.
  std::atomic<bool> stop = false;
  threads.emplace_back([&] {
    while (!stop) {
      std::atomic<int> calls = 0;
      const int listener = live.Listen([&] { ++calls; });
      live.Unlisten(listener);
    }
  });

  std::string expected;
  for (int i = 0; i < 500; ++i)
    live.Append("lost ");
  live.Restart(2);
  for (int i = 0; i < 2000; ++i) {
    const std::string piece = i % 7 == 0 ? "😀" : std::to_string(i);
    live.Append(piece);
    expected += piece;
  }
  live.Finish(absl::OkStatus());
  stop = true;
  for (std::thread& thread : threads)
    thread.join();

  for (const std::string& text : texts)
    EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace dramatis
