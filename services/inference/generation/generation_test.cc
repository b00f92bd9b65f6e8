#include "services/inference/generation/generation.h"

#include <atomic>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"
#include "services/inference/testing/requests.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using Next = GenerationEvents::Next;

class GenerationTest : public testing::Test {
 protected:
  GenerationTest() {
    generation_ = std::make_shared<Generation>(
        RoutedCallParts{executor_, timers_, clock_, [] { return 1.0; }, *logger_, metrics_},
        ledger_.ledger, FirstTurn());
    generation_->OnReady([this] { ++wakes_; });
    generation_->Start(
        {.first = {{&provider_, &breaker_, PricedModel()}, RequestOf(PricedModel(), 30)},
         .others = {},
         .pack = nullptr,
         .correlation_id = "c"});
  }
  ~GenerationTest() override {
    generation_->Cancelled();
    executor_.Stop();
  }

  AnswerSink& sink() { return *provider_.Call(0)->sink; }
  void End(const std::optional<TokenCounts>& tokens = std::nullopt) {
    sink().OnEnd({"stop", tokens});
    executor_.Stop();  // the usage is written
  }

  FakeClock clock_;
  FakeTimers timers_;
  FakeStore store_;
  FakeLedger ledger_{store_, clock_};
  Executor executor_{1, 10};
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  FakeProvider provider_{"fake", {PricedModel()}};
  Breaker breaker_{clock_};
  std::atomic<int> wakes_{0};
  std::shared_ptr<Generation> generation_;
};

TEST_F(GenerationTest, StreamsStartDeltasAndDone) {
  EXPECT_FALSE(generation_->Poll().event.has_value());
  sink().OnText("Hello");
  EXPECT_EQ(generation_->Poll().event->start().model(), "fake/m");
  EXPECT_EQ(generation_->Poll().event->delta().text(), "Hello");
  EXPECT_FALSE(generation_->Poll().event.has_value());
  End();
  const Next done = generation_->Poll();
  EXPECT_EQ(done.event->done().finish_reason(), "stop");
  EXPECT_EQ(done.event->done().model(), "fake/m");
  ASSERT_TRUE(done.end.has_value());
  EXPECT_TRUE(done.end->ok());
}

TEST_F(GenerationTest, JoinsTextThatTheClientHasNotTaken) {
  for (int i = 0; i < 1000; ++i)
    sink().OnText("x");
  generation_->Poll();
  EXPECT_EQ(generation_->Poll().event->delta().text(), std::string(1000, 'x'));
}

TEST_F(GenerationTest, WakesOnlyAClientThatWaits) {
  sink().OnText("a");
  EXPECT_EQ(wakes_, 0);
  generation_->Poll();
  generation_->Poll();
  generation_->Poll();  // nothing
  sink().OnText("b");
  sink().OnText("c");
  EXPECT_EQ(wakes_, 1);
}

TEST_F(GenerationTest, TidiesTheText) {
  sink().OnText("\n**Ada:** Hello ");
  sink().OnText("\n");
  End();
  generation_->Poll();
  EXPECT_EQ(generation_->Poll().event->delta().text(), "Hello");
  EXPECT_TRUE(generation_->Poll().event->has_done());
}

TEST_F(GenerationTest, EndsAnEmptyAnswerToo) {
  End();
  EXPECT_TRUE(generation_->Poll().event->has_start());
  EXPECT_TRUE(generation_->Poll().event->has_done());
}

TEST_F(GenerationTest, StoresTheProvidersUsageBeforeDone) {
  sink().OnText("Hello");
  generation_->Poll();
  generation_->Poll();
  End(TokenCounts{.input_tokens = 100, .output_tokens = 10, .cached_tokens = 0});
  const v1::StreamGenerateResponse::Done done = generation_->Poll().event->done();
  EXPECT_FALSE(done.usage().estimated());
  EXPECT_EQ(done.usage().cost_micros(), 120);
  ASSERT_EQ(store_.rows().size(), 1);
  const UsageRow row = store_.rows()[0];
  EXPECT_EQ(row.user_id, "u");
  EXPECT_EQ(row.turn_key, "t:1");
  EXPECT_EQ(row.model, "fake/m");
  EXPECT_EQ(row.input_tokens, 100);
  EXPECT_EQ(row.cost_micros, 120);
}

TEST_F(GenerationTest, EstimatesUsageThatTheProviderDoesNotReport) {
  sink().OnText("four");
  sink().OnText("teen");
  End();
  ASSERT_EQ(store_.rows().size(), 1);
  EXPECT_TRUE(store_.rows()[0].estimated);
  EXPECT_EQ(store_.rows()[0].input_tokens, 30);
  EXPECT_EQ(store_.rows()[0].output_tokens, 2);
}

TEST_F(GenerationTest, AReportOfNoTokensIsNone) {
  sink().OnText("four");
  sink().OnText("teen");
  End(TokenCounts());
  ASSERT_EQ(store_.rows().size(), 1);
  EXPECT_TRUE(store_.rows()[0].estimated);
  EXPECT_EQ(store_.rows()[0].input_tokens, 30);
  EXPECT_EQ(store_.rows()[0].output_tokens, 2);
}

TEST_F(GenerationTest, SendsTheReplyAlsoWhereItsUsageCannotBeStored) {
  store_.FailWith(UnavailableError("down"));
  sink().OnText("Hello");
  End();
  EXPECT_EQ(store_.calls(), 2);  // tried once more
  generation_->Poll();
  EXPECT_EQ(generation_->Poll().event->delta().text(), "Hello");
  EXPECT_TRUE(generation_->Poll().event->has_done());
}

TEST_F(GenerationTest, EndsWithTheErrorAfterTheTextSoFar) {
  sink().OnText("Hel");
  sink().OnFailure({ProviderFailure::Kind::kTransient, "cut", std::nullopt});
  executor_.Stop();
  generation_->Poll();
  EXPECT_EQ(generation_->Poll().event->delta().text(), "Hel");
  const Next end = generation_->Poll();
  EXPECT_FALSE(end.event.has_value());
  EXPECT_EQ(GetReason(*end.end), "PROVIDER_FAILED");
  ASSERT_EQ(store_.rows().size(), 1);  // it was paid for
  EXPECT_EQ(store_.rows()[0].finish_reason, "error");
}

TEST_F(GenerationTest, SendsNoStartWhereNothingCame) {
  sink().OnFailure({ProviderFailure::Kind::kRejected, "status 400", std::nullopt});
  const Next end = generation_->Poll();
  EXPECT_FALSE(end.event.has_value());
  EXPECT_EQ(GetReason(*end.end), "PROVIDER_FAILED");
  executor_.Stop();
  EXPECT_TRUE(store_.rows().empty());
}

TEST_F(GenerationTest, StopsTheProviderWhenTheClientGoes) {
  sink().OnText("Hel");
  generation_->Cancelled();
  executor_.Stop();
  EXPECT_TRUE(provider_.Call(0)->IsCancelled());
  ASSERT_EQ(store_.rows().size(), 1);
  EXPECT_EQ(store_.rows()[0].finish_reason, "cancelled");
}

TEST_F(GenerationTest, ReservesTheMostBeforeTheProviderIsAskedAndSettlesBeforeDone) {
  ASSERT_EQ(provider_.calls(), 1U);
  ASSERT_EQ(store_.asks().size(), 1U);
  EXPECT_EQ(store_.asks()[0].payer.user_id, "u");
  EXPECT_EQ(store_.asks()[0].micros, 33);  // a tenth more than the prompt is estimated to be
  EXPECT_EQ(store_.reservations(), 1U);
  sink().OnText("Hello");
  End(TokenCounts{.input_tokens = 30, .output_tokens = 2});
  EXPECT_EQ(store_.reservations(), 0U);
  EXPECT_EQ(store_.rows().at(0).prices, "1/2/0/0");
}

TEST_F(GenerationTest, GivesUpWhatItReservedWhereNothingCame) {
  sink().OnFailure({ProviderFailure::Kind::kRejected, "status 400", std::nullopt});
  executor_.Stop();
  EXPECT_EQ(store_.reservations(), 0U);
}

TEST_F(GenerationTest, PaysForAPromptThatWasAskedAndNotWaitedFor) {
  generation_->Cancelled();
  executor_.Stop();
  ASSERT_EQ(store_.rows().size(), 1U);
  EXPECT_EQ(store_.rows()[0].input_tokens, 30);
  EXPECT_EQ(store_.rows()[0].output_tokens, 0);
  EXPECT_TRUE(store_.rows()[0].estimated);
  EXPECT_EQ(store_.reservations(), 0U);
}

TEST_F(GenerationTest, PaysNothingForATryThatFailedBeforeItWasCancelled) {
  sink().OnFailure({ProviderFailure::Kind::kTransient, "reset", std::nullopt});
  generation_->Cancelled();
  executor_.Stop();
  EXPECT_TRUE(store_.rows().empty());
  EXPECT_EQ(store_.reservations(), 0U);
}

TEST_F(GenerationTest, CountsAnAnswerOnceThatIsLeftAfterItsEnd) {
  sink().OnText("Hello");
  End();
  {
    const GenerationStream stream(generation_);
  }
  EXPECT_EQ(store_.rows().size(), 1);
}

}  // namespace
}  // namespace dramatis::inference
