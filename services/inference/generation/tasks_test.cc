#include "services/inference/generation/tasks.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"
#include "services/inference/testing/requests.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

class TasksTest : public testing::Test {
 protected:
  TasksTest() {
    request_.set_user_id("u");
    request_.set_task_key("extraction:1");
    request_.set_task(v1::TASK_EXTRACTION);
    request_.add_lines()->set_text("I live in Turin.");
    request_.mutable_lines(0)->set_from_user(true);
  }
  ~TasksTest() override {
    tasks_.Stop();
    executor_.Stop();
  }

  // The answer of a task that runs.
  struct Pending {
    absl::Notification done;
    absl::StatusOr<v1::RunTaskResponse> response = absl::UnknownError("not called");
    absl::StatusOr<v1::RunTaskResponse> Wait() const {
      done.WaitForNotification();
      return response;
    }
  };
  std::shared_ptr<Pending> Start() {
    CallContext call;
    call.deadline = clock_.Now() + absl::Seconds(60);
    auto pending = std::make_shared<Pending>();
    tasks_.Run(call, request_, [pending](absl::StatusOr<v1::RunTaskResponse> response) {
      pending->response = std::move(response);
      pending->done.Notify();
    });
    return pending;
  }

  FakeClock clock_;
  FakeTimers timers_;
  FakeStore store_;
  FakeLedger ledger_{store_, clock_};
  Executor executor_{1, 10};
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  FakeProvider* provider_ = nullptr;
  const Router router_{OnlyProvider(provider_, {.name = "m", .window_tokens = 4000, .prices = {}}),
                       {"fake"},
                       clock_};
  Tasks tasks_{router_,
               ledger_.ledger,
               {executor_, timers_, clock_, [] { return 0.0; }, *logger_, metrics_}};
  v1::RunTaskRequest request_;
};

TEST_F(TasksTest, ReadsStatementsFromTheModelsAnswer) {
  const auto pending = Start();
  provider_->Call(0)->sink->OnText("0: The user lives ");
  provider_->Call(0)->sink->OnText("in Turin.\nThat is all.");
  provider_->Call(0)->sink->OnEnd({.finish_reason = "stop", .tokens = {{.input_tokens = 9}}});

  const auto response = pending->Wait();

  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->statements_size(), 1);
  EXPECT_EQ(response->statements(0).text(), "The user lives in Turin.");
  EXPECT_EQ(response->statements(0).confidence(), 0.7);
  EXPECT_EQ(response->model(), "fake/m");
  EXPECT_EQ(response->usage().input_tokens(), 9);
}

TEST_F(TasksTest, WritesUsageBeforeItAnswers) {
  const auto pending = Start();
  provider_->Call(0)->sink->OnEnd({.finish_reason = "stop", .tokens = {{.input_tokens = 9}}});

  ASSERT_TRUE(pending->Wait().ok());

  ASSERT_EQ(store_.rows().size(), 1);
  EXPECT_EQ(store_.rows()[0].user_id, "u");
  EXPECT_EQ(store_.rows()[0].turn_key, "extraction:1");
  EXPECT_EQ(store_.rows()[0].input_tokens, 9);
}

TEST_F(TasksTest, GivesTheProviderTheTaskItself) {
  const auto pending = Start();

  ASSERT_NE(provider_->Call(0)->model_request.task, nullptr);
  EXPECT_EQ(provider_->Call(0)->model_request.task->lines(0).text(), "I live in Turin.");
}

TEST_F(TasksTest, NotesNothingOfWhatTheModelThinks) {
  const auto pending = Start();
  provider_->Call(0)->sink->OnText("<think>\n0: The user may be a thief.\n</thi");
  provider_->Call(0)->sink->OnText("nk>\n0: The user lives in Turin.");
  provider_->Call(0)->sink->OnEnd({.finish_reason = "stop", .tokens = std::nullopt});

  const auto response = pending->Wait();

  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->statements_size(), 1);
  EXPECT_EQ(response->statements(0).text(), "The user lives in Turin.");
}

TEST_F(TasksTest, SumsUpNothingOfWhatTheModelThinks) {
  request_.set_task(v1::TASK_SUMMARY);
  const auto said = Start();
  provider_->Call(0)->sink->OnText("<thinking>They are odd.</thinking>They talked.");
  provider_->Call(0)->sink->OnEnd({.finish_reason = "stop", .tokens = std::nullopt});
  EXPECT_EQ(said->Wait()->summary(), "They talked.");
  const auto unfinished = Start();
  provider_->Call(1)->sink->OnText("<think>They are odd.");
  provider_->Call(1)->sink->OnEnd({.finish_reason = "length", .tokens = std::nullopt});
  EXPECT_EQ(GetReason(unfinished->Wait().status()), "TASK_ANSWER_UNUSABLE");
}

TEST_F(TasksTest, RefusesASummaryWithoutWords) {
  request_.set_task(v1::TASK_SUMMARY);
  const auto pending = Start();
  provider_->Call(0)->sink->OnText(" \n");
  provider_->Call(0)->sink->OnEnd({.finish_reason = "stop", .tokens = {}});

  const auto response = pending->Wait();

  EXPECT_EQ(GetReason(response.status()), "TASK_ANSWER_UNUSABLE");
  EXPECT_TRUE(absl::IsUnavailable(response.status()));
}

TEST_F(TasksTest, RefusesAnAnswerThatWasWithheld) {
  const auto pending = Start();
  provider_->Call(0)->sink->OnText("0: The user ");
  provider_->Call(0)->sink->OnEnd({.finish_reason = "content_filter", .tokens = {}});

  EXPECT_EQ(GetReason(pending->Wait().status()), "TASK_ANSWER_UNUSABLE");
}

TEST_F(TasksTest, ReadsTheLinesWholeOrNotAtAll) {
  request_.mutable_lines(0)->set_text(std::string(40'000, 'x'));

  EXPECT_EQ(GetReason(Start()->Wait().status()), "CONTEXT_TOO_LARGE");
  EXPECT_EQ(provider_->calls(), 0);
}

TEST_F(TasksTest, NamesAnUnknownModel) {
  request_.set_model("nobody/knows");

  EXPECT_EQ(GetReason(Start()->Wait().status()), "UNKNOWN_MODEL");
}

TEST_F(TasksTest, SaysThatTheProviderFailed) {
  const auto pending = Start();
  provider_->Call(0)->sink->OnFailure(
      {.kind = ProviderFailure::Kind::kRejected, .message = "400", .retry_after = {}});

  EXPECT_EQ(GetReason(pending->Wait().status()), "PROVIDER_FAILED");
}

TEST_F(TasksTest, GivesUpWhatRunsWhenItIsStopped) {
  const auto pending = Start();
  provider_->Call(0);

  tasks_.Stop();

  EXPECT_TRUE(absl::IsUnavailable(pending->Wait().status()));
  EXPECT_TRUE(provider_->Call(0)->IsCancelled());
  EXPECT_TRUE(absl::IsUnavailable(Start()->Wait().status()));
}

}  // namespace
}  // namespace dramatis::inference
