#include "services/inference/routing/limited_provider.h"

#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"

namespace dramatis::inference {
namespace {

class CountingSink : public AnswerSink {
 public:
  void OnText(std::string_view more) override { text += more; }
  void OnEnd(const AnswerEnd& /*end*/) override { ended = true; }
  void OnFailure(const ProviderFailure& /*failure*/) override { failed = true; }
  std::string text;
  bool ended = false;
  bool failed = false;
};

class LimitedProviderTest : public testing::Test {
 protected:
  struct Asked {
    std::shared_ptr<CountingSink> sink;
    std::shared_ptr<ProviderCall> call;
  };
  Asked Ask(const std::string& user) {
    auto sink = std::make_shared<CountingSink>();
    ModelRequest model_request;
    model_request.user_id = user;
    return {sink, provider_.Start(model_request, sink)};
  }

  Executor executor_{1, 10};
  FakeProvider* const inner_ =
      new FakeProvider("inner", {{.name = "m", .window_tokens = 1000}});  // the provider's below
  LimitedProvider provider_{std::unique_ptr<Provider>(inner_), 1, executor_};
};

TEST_F(LimitedProviderTest, StartsTheNextWhenOneHasEnded) {
  const Asked first = Ask("a");
  const Asked second = Ask("b");
  ASSERT_EQ(inner_->calls(), 1U);
  inner_->Call(0)->sink->OnText("hi");
  EXPECT_EQ(first.sink->text, "hi");
  inner_->Call(0)->sink->OnEnd({});
  EXPECT_TRUE(first.sink->ended);
  EXPECT_EQ(inner_->Call(1)->model_request.user_id, "b");
  inner_->Call(1)->sink->OnFailure({});
  EXPECT_TRUE(second.sink->failed);
  const Asked third = Ask("c");
  EXPECT_EQ(inner_->calls(), 3U);
  third.call->Cancel();
}

TEST_F(LimitedProviderTest, WhoIsCancelledMakesRoomAlsoWhereItWaits) {
  const Asked first = Ask("a");
  const Asked waiting = Ask("b");
  const Asked last = Ask("c");
  waiting.call->Cancel();
  first.call->Cancel();
  EXPECT_TRUE(inner_->Call(0)->IsCancelled());
  EXPECT_EQ(inner_->Call(1)->model_request.user_id, "c");
  EXPECT_FALSE(waiting.sink->failed);
  last.call->Cancel();
}

TEST_F(LimitedProviderTest, FailsWhatCannotBeStartedAnyMore) {
  const Asked first = Ask("a");
  const Asked second = Ask("b");
  executor_.Stop();
  inner_->Call(0)->sink->OnEnd({});
  EXPECT_TRUE(second.sink->failed);
}

}  // namespace
}  // namespace dramatis::inference
