#include "services/inference/routing/routed_call.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"
#include "shared/status/errors.h"
#include "shared/status/facts.h"

namespace dramatis::inference {
namespace {

using Kind = ProviderFailure::Kind;

class RecordingListener : public AttemptListener {
 public:
  absl::Status OnTry(const Candidate& candidate) override {
    tried.push_back(candidate.route.FullName());
    return refusal;
  }
  void OnTryFailed(const Candidate& /*candidate*/, std::string_view /*why*/) override { ++failed; }
  void OnText(const Candidate& candidate, std::string_view more) override {
    model = candidate.route.FullName();
    text += more;
  }
  void OnEnd(const Candidate& candidate, const AnswerEnd& end) override {
    model = candidate.route.FullName();
    reason = end.finish_reason;
  }
  void OnError(const Candidate& candidate, const absl::Status& status) override {
    model = candidate.route.FullName();
    error = status;
  }
  std::vector<std::string> tried;
  absl::Status refusal;  // of every try
  int failed = 0;
  std::string model;
  std::string text;
  std::string reason;
  absl::Status error;
};

ModelFacts Model() {
  return {.name = "m", .window_tokens = 1000, .prices = {}};
}

class RoutedCallTest : public testing::Test {
 protected:
  ~RoutedCallTest() override {
    call_->Cancel();
    executor_.Stop();
  }

  // A call with a listener of its own.
  void Start(absl::Duration patience = absl::Hours(1),
             bool with_second = false,
             std::shared_ptr<const v1::RunTaskRequest> task = nullptr) {
    listener_ = std::make_shared<RecordingListener>();
    listener_->refusal = refusal_;
    ModelRequest model_request;
    model_request.model = Model();
    model_request.deadline = clock_.Now() + patience;
    model_request.task = std::move(task);
    RoutedCall::Plan plan = {
        .first = {{&first_, &first_breaker_, Model()}, model_request},
        .others = {},
        .pack =
            [model_request](const Route&) { return absl::StatusOr<ModelRequest>(model_request); },
        .correlation_id = "c"};
    if (with_second) plan.others = {{&second_, &second_breaker_, Model()}};
    call_ =
        std::make_shared<RoutedCall>(RoutedCallParts{executor_, timers_, clock_, [] { return 1.0; },
                                                     *logger_, metrics_, restart_broken_},
                                     std::move(plan), listener_);
    call_->Start();
  }
  // Fails the first provider's call of this number.
  void Fail(size_t number, Kind kind, std::optional<absl::Duration> retry_after = std::nullopt) {
    first_.Call(number)->sink->OnFailure({kind, "broken", retry_after});
  }

  FakeClock clock_;
  FakeTimers timers_;
  Executor executor_{1, 10};
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  FakeProvider first_{"first", {Model()}};
  FakeProvider second_{"second", {Model()}};
  Breaker first_breaker_{clock_};
  Breaker second_breaker_{clock_};
  absl::Status refusal_;  // what the listener says of every try
  bool restart_broken_ = false;
  std::shared_ptr<RecordingListener> listener_;
  std::shared_ptr<RoutedCall> call_;
};

TEST_F(RoutedCallTest, AsksNobodyWhereTheListenerRefuses) {
  refusal_ = absl::ResourceExhaustedError("spent");
  Start(absl::Hours(1), /*with_second=*/true);
  EXPECT_EQ(listener_->error, refusal_);
  EXPECT_EQ(first_.calls(), 0U);
  EXPECT_EQ(second_.calls(), 0U);
  EXPECT_TRUE(first_breaker_.TryEnter().has_value());
}

TEST_F(RoutedCallTest, TellsOfEachTry) {
  Start(absl::Hours(1), /*with_second=*/true);
  Fail(0, Kind::kRejected);
  second_.Call(0)->sink->OnEnd({"stop", std::nullopt});
  EXPECT_THAT(listener_->tried, testing::ElementsAre("first/m", "second/m"));
  EXPECT_EQ(listener_->failed, 1);
}

TEST_F(RoutedCallTest, SaysThatABrokenAnswerIsToBeAskedForAnewWhereItIsConfigured) {
  const auto fact_after = [&](Kind kind, const char* text) {
    Start();
    const auto call = first_.Call(first_.calls() - 1);
    if (text != nullptr) call->sink->OnText(text);
    call->sink->OnFailure({kind, "broken"});
    return GetFact(listener_->error, kAskAgainFact);
  };
  EXPECT_EQ(fact_after(Kind::kTransient, "Half"), "");
  restart_broken_ = true;
  EXPECT_EQ(fact_after(Kind::kTransient, "Half"), "true");
  EXPECT_EQ(fact_after(Kind::kBroken, "Half"), "true");
  EXPECT_EQ(fact_after(Kind::kRejected, "Half"), "");
  EXPECT_EQ(fact_after(Kind::kRejected, nullptr), "");
}

TEST_F(RoutedCallTest, PassesAnAnswerOn) {
  Start();
  const auto call = first_.Call(0);
  call->sink->OnText("Hel");
  call->sink->OnText("lo");
  call->sink->OnEnd({"stop", std::nullopt});
  EXPECT_EQ(listener_->text, "Hello");
  EXPECT_EQ(listener_->reason, "stop");
  EXPECT_EQ(listener_->model, "first/m");
}

TEST_F(RoutedCallTest, TriesThreeTimesWithGrowingWaits) {
  Start();
  Fail(0, Kind::kTransient);
  EXPECT_EQ(timers_.RunNext(), absl::Milliseconds(250));
  Fail(1, Kind::kTransient);
  EXPECT_EQ(timers_.RunNext(), absl::Milliseconds(500));
  Fail(2, Kind::kTransient);
  EXPECT_EQ(GetReason(listener_->error), "PROVIDER_FAILED");
  EXPECT_EQ(listener_->error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(first_.calls(), 3);
}

TEST_F(RoutedCallTest, SucceedsAfterAFailedTry) {
  Start();
  Fail(0, Kind::kTransient);
  timers_.RunNext();
  first_.Call(1)->sink->OnText("Hello");
  first_.Call(1)->sink->OnEnd({"stop", std::nullopt});
  EXPECT_EQ(listener_->text, "Hello");
  EXPECT_EQ(listener_->reason, "stop");
}

TEST_F(RoutedCallTest, NeverTriesAgainAfterTheFirstText) {
  Start(absl::Hours(1), /*with_second=*/true);
  first_.Call(0)->sink->OnText("Hel");
  Fail(0, Kind::kTransient);
  EXPECT_EQ(GetReason(listener_->error), "PROVIDER_FAILED");
  EXPECT_EQ(timers_.waiting(), 0);
  EXPECT_EQ(second_.calls(), 0);
}

TEST_F(RoutedCallTest, DoesNotRepeatWhatIsRefused) {
  for (const Kind kind : {Kind::kRejected, Kind::kUnauthorized, Kind::kBroken}) {
    const size_t number = first_.calls();
    Start();
    Fail(number, kind);
    EXPECT_EQ(GetReason(listener_->error),
              kind == Kind::kUnauthorized ? "PROVIDER_UNAUTHORIZED" : "PROVIDER_FAILED");
    EXPECT_EQ(timers_.waiting(), 0);
  }
}

TEST_F(RoutedCallTest, HonoursRetryAfter) {
  Start();
  Fail(0, Kind::kBusy, absl::Seconds(7));
  EXPECT_EQ(timers_.RunNext(), absl::Seconds(7));
}

TEST_F(RoutedCallTest, SaysWhenToComeBackWhereThatIsTooLate) {
  Start(absl::Seconds(5));
  Fail(0, Kind::kBusy, absl::Seconds(7));
  EXPECT_EQ(GetReason(listener_->error), "PROVIDER_FAILED");
  EXPECT_EQ(GetRetryAfter(listener_->error), absl::Seconds(7));
}

TEST_F(RoutedCallTest, NeverWaitsPastTheDeadline) {
  Start(absl::Milliseconds(250));
  Fail(0, Kind::kTimeout);
  EXPECT_EQ(GetReason(listener_->error), "PROVIDER_TIMEOUT");
  EXPECT_EQ(listener_->error.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(timers_.waiting(), 0);
}

TEST_F(RoutedCallTest, GoesOnToTheNextProvider) {
  Start(absl::Hours(1), /*with_second=*/true);
  Fail(0, Kind::kRejected);
  const auto call = second_.Call(0);
  call->sink->OnText("Hi");
  call->sink->OnEnd({"stop", std::nullopt});
  EXPECT_EQ(listener_->model, "second/m");
  EXPECT_EQ(listener_->text, "Hi");
}

TEST_F(RoutedCallTest, FailsAtOnceWhereTheBreakerIsOpen) {
  for (int i = 0; i < 5; ++i) {
    first_breaker_.Leave(*first_breaker_.TryEnter(), Breaker::Outcome::kFailed);
  }
  Start();
  EXPECT_EQ(GetReason(listener_->error), "PROVIDER_FAILED");
  EXPECT_EQ(GetRetryAfter(listener_->error), absl::Seconds(15));
  EXPECT_EQ(first_.calls(), 0);
}

TEST_F(RoutedCallTest, ReportsItsOwnFailureWhereTheBreakerOpensOverIt) {
  for (int i = 0; i < 4; ++i) {
    first_breaker_.Leave(*first_breaker_.TryEnter(), Breaker::Outcome::kFailed);
  }
  Start();
  Fail(0, Kind::kTimeout);
  timers_.RunNext();
  executor_.Stop();
  EXPECT_EQ(GetReason(listener_->error), "PROVIDER_TIMEOUT");
  EXPECT_EQ(GetRetryAfter(listener_->error), absl::Seconds(15));
  EXPECT_EQ(first_.calls(), 1);
}

TEST_F(RoutedCallTest, PassesOverAProviderWhoseBreakerIsOpen) {
  for (int i = 0; i < 5; ++i) {
    first_breaker_.Leave(*first_breaker_.TryEnter(), Breaker::Outcome::kFailed);
  }
  Start(absl::Hours(1), /*with_second=*/true);
  second_.Call(0)->sink->OnEnd({"stop", std::nullopt});
  EXPECT_EQ(listener_->model, "second/m");
  EXPECT_EQ(first_.calls(), 0);
}

TEST_F(RoutedCallTest, FailuresOpenTheBreakerAndBusynessDoesNot) {
  for (const Kind kind : {Kind::kBusy, Kind::kBusy, Kind::kTransient, Kind::kTimeout}) {
    const size_t number = first_.calls();
    Start();
    Fail(number, kind);
    call_->Cancel();
  }
  EXPECT_EQ(first_breaker_.RetryAfter(), absl::ZeroDuration());
  for (int i = 0; i < 3; ++i) {
    const size_t number = first_.calls();
    Start();
    Fail(number, Kind::kTransient);
    call_->Cancel();
  }
  EXPECT_GT(first_breaker_.RetryAfter(), absl::ZeroDuration());
}

TEST_F(RoutedCallTest, TriesATaskOnceAndNeverBlamesTheProvider) {
  for (size_t number = 0; number < 10; ++number) {
    Start(absl::Hours(1), false, std::make_shared<v1::RunTaskRequest>());
    Fail(number, Kind::kTransient);
    EXPECT_EQ(GetReason(listener_->error), "PROVIDER_FAILED");
  }
  EXPECT_EQ(first_.calls(), 10);
  EXPECT_EQ(first_breaker_.RetryAfter(), absl::ZeroDuration());
}

TEST_F(RoutedCallTest, DoesNotBlameAProviderForTheCallersDeadline) {
  for (int i = 0; i < 10; ++i) {
    const size_t number = first_.calls();
    Start(absl::Seconds(1));
    clock_.Advance(absl::Seconds(1));
    Fail(number, Kind::kTimeout);
    EXPECT_EQ(GetReason(listener_->error), "PROVIDER_TIMEOUT");
  }
  EXPECT_EQ(first_breaker_.RetryAfter(), absl::ZeroDuration());
}

TEST_F(RoutedCallTest, CancelStopsTheProviderAndSilencesIt) {
  Start();
  const auto call = first_.Call(0);
  call_->Cancel();
  EXPECT_TRUE(call->IsCancelled());
  call->sink->OnText("late");
  call->sink->OnEnd({"stop", std::nullopt});
  EXPECT_EQ(listener_->text, "");
  EXPECT_EQ(listener_->reason, "");
}

TEST_F(RoutedCallTest, CancelWhileItWaitsMakesNoFurtherTry) {
  Start();
  Fail(0, Kind::kTransient);
  call_->Cancel();
  timers_.RunNext();
  executor_.Stop();
  EXPECT_EQ(first_.calls(), 1);
  EXPECT_TRUE(listener_->error.ok());
}

TEST_F(RoutedCallTest, EndsWithAnErrorWhereTheServiceStops) {
  Start();
  Fail(0, Kind::kTransient);
  executor_.Stop();
  timers_.RunNext();
  EXPECT_EQ(GetReason(listener_->error), "UNAVAILABLE");
}

TEST_F(RoutedCallTest, DoesNotAskAgainWhatMoneyOrALargerWindowMends) {
  Start();
  Fail(0, Kind::kSpent);
  EXPECT_EQ(GetReason(listener_->error), "PROVIDER_FAILED");
  Start();
  Fail(1, Kind::kTooLarge);
  EXPECT_EQ(GetReason(listener_->error), "CONTEXT_TOO_LARGE");
  EXPECT_EQ(listener_->error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(first_.calls(), 2);
  EXPECT_EQ(first_breaker_.RetryAfter(), absl::ZeroDuration());
}

TEST_F(RoutedCallTest, TakesTheNextModelWhereTheFirstOnesWindowIsTooSmall) {
  Start(absl::Hours(1), /*with_second=*/true);
  Fail(0, Kind::kTooLarge);
  second_.Call(0)->sink->OnText("Hello");
  EXPECT_EQ(listener_->text, "Hello");
}

TEST_F(RoutedCallTest, WhatCannotBeReadDoesNotOpenTheBreaker) {
  for (int i = 0; i < 20; ++i) {
    Start();
    Fail(first_.calls() - 1, Kind::kBroken);
    EXPECT_EQ(GetReason(listener_->error), "PROVIDER_FAILED");
  }
  EXPECT_EQ(first_breaker_.RetryAfter(), absl::ZeroDuration());
}

TEST_F(RoutedCallTest, TellsUsersNothingOfWhatTheProviderSays) {
  Start();
  first_.Call(0)->sink->OnFailure({.kind = Kind::kRejected,
                                   .message = "status 404",
                                   .refusal = {.status = 404, .message = "secret detail"}});
  EXPECT_EQ(std::string(listener_->error.message()).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace dramatis::inference
