// Answers for which the next model is asked beside a silent one: who answers, and who pays for
// what.
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/generation/generation.h"
#include "services/inference/testing/fakes.h"
#include "services/inference/testing/requests.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

class HedgedGenerationTest : public testing::Test {
 protected:
  HedgedGenerationTest() {
    ModelRequest request = RequestOf(PricedModel(), 30);
    request.deadline = clock_.Now() + absl::Hours(1);
    generation_ = std::make_shared<Generation>(RoutedCallParts{.executor = executor_,
                                                               .timers = timers_,
                                                               .clock = clock_,
                                                               .random = [] { return 1.0; },
                                                               .logger = *logger_,
                                                               .metrics = metrics_,
                                                               .hedge_after = absl::Seconds(2)},
                                               ledger_.ledger, FirstTurn());
    generation_->Start(
        {.first = {{&first_, &first_breaker_, PricedModel()}, request},
         .others = {{&second_, &second_breaker_, PricedModel()}},
         .pack = [request](const Route&) { return absl::StatusOr<ModelRequest>(request); },
         .correlation_id = "c"});
  }
  ~HedgedGenerationTest() override {
    generation_->Cancelled();
    executor_.Stop();
  }

  AnswerSink& first(size_t call = 0) { return *first_.Call(call)->sink; }
  AnswerSink& second(size_t call = 0) { return *second_.Call(call)->sink; }
  // The 2 s are over; waits until the second model is asked.
  void Hedge() {
    EXPECT_EQ(timers_.RunNext(), absl::Seconds(2));
    second();
  }
  // The last event of the answer.
  prompt::v1::Usage Usage() {
    executor_.Stop();  // what is due is written
    while (true) {
      const GenerationEvents::Next next = generation_->Poll();
      if (!next.event.has_value()) return {};
      if (next.event->has_done()) return next.event->done().usage();
    }
  }
  static std::vector<std::string> Told(const prompt::v1::Usage& usage) {
    std::vector<std::string> told;
    for (const prompt::v1::Attempt& attempt : usage.attempts()) {
      told.push_back(absl::StrCat(attempt.model(), " ", attempt.outcome(), " ",
                                  attempt.cost_micros(), attempt.estimated() ? " estimated" : ""));
    }
    return told;
  }
  // A call that was begun just now is cancelled when its start has returned.
  static void AwaitCancelled(FakeProvider& provider) {
    while (!provider.Call(0)->IsCancelled())
      std::this_thread::yield();
  }
  void ExpectNothingReserved() { EXPECT_EQ(store_.reservations(), 0U); }

  FakeClock clock_;
  FakeTimers timers_;
  FakeStore store_;
  FakeLedger ledger_{store_, clock_};
  Executor executor_{1, 10};
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  FakeProvider first_{"first", {PricedModel()}};
  FakeProvider second_{"second", {PricedModel()}};
  Breaker first_breaker_{clock_};
  Breaker second_breaker_{clock_};
  std::shared_ptr<Generation> generation_;
};

TEST_F(HedgedGenerationTest, OneThatSpeaksInTimeIsAlone) {
  first().OnText("Hi");
  timers_.RunNext();
  first().OnEnd({"stop", TokenCounts{.input_tokens = 10, .output_tokens = 5}});
  const prompt::v1::Usage usage = Usage();
  EXPECT_EQ(second_.calls(), 0U);
  EXPECT_TRUE(usage.attempts().empty());
  EXPECT_EQ(usage.cost_micros(), 20);
  ExpectNothingReserved();
}

TEST_F(HedgedGenerationTest, TheFirstToSpeakAnswersAndBothArePaidFor) {
  Hedge();
  EXPECT_EQ(store_.reservations(), 2U);
  second().OnText("Hi");
  AwaitCancelled(first_);
  first().OnText("too late");
  second().OnEnd({"stop", TokenCounts{.input_tokens = 10, .output_tokens = 5}});
  const prompt::v1::Usage usage = Usage();
  EXPECT_EQ(usage.cost_micros(), 20);
  EXPECT_THAT(Told(usage),
              testing::ElementsAre("first/m overtaken 30 estimated", "second/m answered 20"));
  ASSERT_EQ(store_.rows().size(), 2U);
  EXPECT_EQ(store_.rows()[0].turn_key, "t:1");
  EXPECT_EQ(store_.rows()[0].model, "second/m");
  EXPECT_EQ(store_.rows()[1].turn_key, "t:1:beside");
  EXPECT_EQ(store_.rows()[1].cost_micros, 30);
  EXPECT_TRUE(store_.rows()[1].estimated);
  ExpectNothingReserved();
}

TEST_F(HedgedGenerationTest, TheSlowOneMaySpeakFirstAllTheSame) {
  Hedge();
  first().OnText("Hi");
  AwaitCancelled(second_);
  first().OnEnd({"stop", std::nullopt});
  EXPECT_THAT(Told(Usage()), testing::ElementsAre("first/m answered 32 estimated",
                                                  "second/m overtaken 30 estimated"));
  ExpectNothingReserved();
}

TEST_F(HedgedGenerationTest, OneThatFailsLeavesItToTheOther) {
  Hedge();
  first().OnFailure({Kind::kRejected, "no", std::nullopt});
  second().OnText("Hi");
  second().OnEnd({"stop", TokenCounts{.input_tokens = 10, .output_tokens = 5}});
  EXPECT_THAT(Told(Usage()), testing::ElementsAre("first/m rejected 0", "second/m answered 20"));
  ExpectNothingReserved();
}

TEST_F(HedgedGenerationTest, TheNextIsAskedAtOnceWhereTheFirstFailsBefore) {
  first().OnFailure({Kind::kRejected, "no", std::nullopt});
  second().OnEnd({"stop", TokenCounts{.input_tokens = 10, .output_tokens = 5}});
  timers_.RunNext();
  EXPECT_THAT(Told(Usage()), testing::ElementsAre("first/m rejected 0", "second/m answered 20"));
  EXPECT_EQ(second_.calls(), 1U);
  ExpectNothingReserved();
}

TEST_F(HedgedGenerationTest, WithoutMoneyForTwoTheFirstGoesOn) {
  store_.Refuse(Refused::kUserBudget);
  timers_.RunNext();
  // Two tasks of one thread: what the first one began is over when the second one runs.
  absl::Notification ran;
  ASSERT_TRUE(executor_.Post([&] { ran.Notify(); }));
  ran.WaitForNotification();
  EXPECT_EQ(second_.calls(), 0U);
  first().OnText("Hi");
  first().OnEnd({"stop", TokenCounts{.input_tokens = 10, .output_tokens = 5}});
  EXPECT_EQ(Usage().cost_micros(), 20);
  ExpectNothingReserved();
}

TEST_F(HedgedGenerationTest, FailsWhereBothDo) {
  Hedge();
  first().OnFailure({Kind::kRejected, "no", std::nullopt});
  second().OnFailure({Kind::kRejected, "no", std::nullopt});
  executor_.Stop();
  const GenerationEvents::Next next = generation_->Poll();
  ASSERT_TRUE(next.end.has_value());
  EXPECT_EQ(GetReason(*next.end), "PROVIDER_FAILED");
  EXPECT_TRUE(store_.rows().empty());
  ExpectNothingReserved();
}

TEST_F(HedgedGenerationTest, CancelledBothArePaidFor) {
  Hedge();
  generation_->Cancelled();
  executor_.Stop();
  AwaitCancelled(first_);
  AwaitCancelled(second_);
  ASSERT_EQ(store_.rows().size(), 2U);
  EXPECT_EQ(store_.rows()[0].turn_key, "t:1");
  EXPECT_EQ(store_.rows()[1].turn_key, "t:1:beside");
  ExpectNothingReserved();
}

}  // namespace
}  // namespace dramatis::inference
