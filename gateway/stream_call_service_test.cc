// Streams from a service in the same process, as they are taken.
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gateway/calls/stream_call.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Sends what a test says; remembers what it was told.
class Source : public OngoingCall {
 public:
  void Cancel() override { ++cancelled; }
  void Resume() override {
    ++resumed;
    // At once, as a service does that has more by now.
    while (next < ready.size()) {
      if (!reader->OnEvent(ready[next++])) return;
    }
  }

  std::shared_ptr<LocalReader<std::string>> reader;
  std::vector<std::string> ready;
  size_t next = 0;
  int cancelled = 0;
  int resumed = 0;
};

class LocalStreamCallTest : public testing::Test {
 protected:
  LocalStreamCallTest() {
    call_ = LocalStreamCall::Start(
        [this](std::shared_ptr<LocalReader<std::string>> reader) {
          source_->reader = std::move(reader);
          return source_;
        },
        [this] { ++woken_; }, [this] { ++finished_; });
  }
  ~LocalStreamCallTest() override {
    if (source_->reader != nullptr) End(absl::OkStatus());
  }

  bool Event(const std::string& event) { return source_->reader->OnEvent(event); }
  void End(const absl::Status& status) { std::exchange(source_->reader, nullptr)->OnEnd(status); }
  static std::vector<std::string> Texts(const StreamCall::Batch& batch) {
    std::vector<std::string> texts;
    for (const MessageBytes& message : batch.messages)
      texts.emplace_back(message.view());
    return texts;
  }

  const std::shared_ptr<Source> source_ = std::make_shared<Source>();
  std::shared_ptr<StreamCall> call_;
  std::atomic<int> woken_ = 0;
  std::atomic<int> finished_ = 0;
  std::atomic<int> resumes_ = 0;
};

TEST_F(LocalStreamCallTest, TellsOfTheAnswer) {
  source_->reader->OnOpen({{"idempotency-replayed", "true"}});
  EXPECT_EQ(woken_, 1);
  const StreamCall::Batch batch = call_->Take();
  EXPECT_TRUE(batch.accepted);
  EXPECT_TRUE(batch.headers.idempotency_replayed);
  EXPECT_FALSE(batch.end.has_value());
}

TEST_F(LocalStreamCallTest, HasEnoughAfterOneEventUntilItIsTaken) {
  EXPECT_FALSE(Event("a"));
  EXPECT_EQ(woken_, 1);
  source_->ready = {"b and c", "d"};
  EXPECT_THAT(Texts(call_->Take()), ElementsAre("a", "b and c", "d"));
  EXPECT_EQ(source_->resumed, 1);
  EXPECT_EQ(woken_, 1);
  // Nobody waits now: the next one wakes.
  EXPECT_FALSE(Event("e"));
  EXPECT_EQ(woken_, 2);
}

TEST_F(LocalStreamCallTest, TakesOnlySoMuchAtOnceAndComesBackForTheRest) {
  EXPECT_FALSE(Event("0"));
  for (int i = 1; i <= 100; ++i)
    source_->ready.push_back(std::to_string(i));
  EXPECT_THAT(Texts(call_->Take()), SizeIs(65));
  EXPECT_EQ(woken_, 2);  // there is more
  EXPECT_THAT(Texts(call_->Take()), SizeIs(36));
  EXPECT_EQ(source_->next, source_->ready.size());
}

TEST_F(LocalStreamCallTest, EndsOnce) {
  EXPECT_FALSE(Event("a"));
  call_->Take();
  End(absl::NotFoundError("gone"));
  EXPECT_EQ(finished_, 1);
  const StreamCall::Batch batch = call_->Take();
  EXPECT_THAT(batch.messages, SizeIs(0));
  EXPECT_EQ(batch.end, absl::NotFoundError("gone"));
  call_->Cancel();
  EXPECT_EQ(source_->cancelled, 0);
}

TEST_F(LocalStreamCallTest, CancelledWhileItHasEnoughItGoesOnToTheEnd) {
  EXPECT_FALSE(Event("a"));
  call_->Cancel();
  EXPECT_EQ(source_->cancelled, 1);
  EXPECT_EQ(source_->resumed, 1);
  // What has come is still there.
  EXPECT_THAT(Texts(call_->Take()), ElementsAre("a"));
}

TEST_F(LocalStreamCallTest, CancelledItNeverHasEnough) {
  call_->Cancel();
  EXPECT_TRUE(Event("on its way when it was cancelled"));
  EXPECT_TRUE(Event("and another"));
  End(absl::CancelledError());
  EXPECT_THAT(Texts(call_->Take()), SizeIs(0));
  EXPECT_EQ(finished_, 1);
}

TEST_F(LocalStreamCallTest, TakesEachEventOnceAndInOrderWhileTheyCome) {
  constexpr int kEvents = 20'000;
  absl::Notification over;
  std::thread service([&] {
    for (int i = 0; i < kEvents; ++i) {
      // As the pump does: waits for Resume where the reader has enough.
      if (Event(std::to_string(i))) continue;
      while (resumes_.exchange(0) == 0)
        std::this_thread::yield();
    }
    over.Notify();
  });
  std::vector<std::string> texts;
  while (!over.HasBeenNotified() || texts.size() < kEvents) {
    const int before = source_->resumed;
    for (std::string& text : Texts(call_->Take()))
      texts.push_back(std::move(text));
    if (source_->resumed != before) ++resumes_;
  }
  service.join();
  ASSERT_THAT(texts, SizeIs(kEvents));
  for (int i = 0; i < kEvents; ++i)
    ASSERT_EQ(texts[static_cast<size_t>(i)], std::to_string(i));
}

}  // namespace
}  // namespace dramatis::gateway
