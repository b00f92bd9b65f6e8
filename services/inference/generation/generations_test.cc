#include "services/inference/generation/generations.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/routing/models.h"
#include "services/inference/testing/fakes.h"
#include "services/inference/testing/requests.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;

class CountingLogger : public Logger {
 public:
  void Log(LogLevel, const std::string&, std::initializer_list<LogField>) override { ++lines; }
  bool Enabled(LogLevel) const override { return true; }
  int lines = 0;
};

class GenerationsTest : public testing::Test {
 protected:
  GenerationsTest() {
    request_.set_user_id("u");
    request_.set_turn_key("t:1");
    Say(prompt::v1::ROLE_USER, "hi");
  }
  ~GenerationsTest() override { executor_.Stop(); }

  void Say(prompt::v1::Role role, const std::string& text) {
    prompt::v1::PromptMessage& message = *request_.add_messages();
    message.set_role(role);
    message.set_text(text);
  }
  absl::Status StatusOfStart() {
    CallContext call;
    call.deadline = clock_.Now() + absl::Seconds(60);
    return generations_.Start(call, request_).status();
  }
  std::vector<std::string> WrongFields() {
    std::vector<std::string> fields;
    const absl::Status status = StatusOfStart();
    const auto details = GetBadRequest(status);
    if (!details.has_value()) return fields;
    for (const auto& violation : details->field_violations())
      fields.push_back(violation.field());
    EXPECT_EQ(provider_->calls(), 0);
    return fields;
  }

  FakeClock clock_;
  FakeTimers timers_;
  FakeStore store_;
  FakeLedger ledger_{store_, clock_};
  Executor executor_{1, 10};
  const std::unique_ptr<Logger> logger_ = MakeSilentLogger();
  Metrics metrics_;
  FakeProvider* provider_ = nullptr;
  const Router router_{
      OnlyProvider(
          provider_,
          {.name = "m", .window_tokens = 4000, .prices = {.input = 1.5, .output = 2, .cached = 0}}),
      {"fake"},
      clock_};
  const Generations generations_{
      router_,
      ledger_.ledger,
      {executor_, timers_, clock_, [] { return 1.0; }, *logger_, metrics_}};
  v1::StreamGenerateRequest request_;
};

TEST_F(GenerationsTest, AsksTheModelWithDefaultsAndTheDeadline) {
  ASSERT_TRUE(StatusOfStart().ok());
  const ModelRequest& model_request = provider_->Call(0)->model_request;
  EXPECT_EQ(model_request.model.name, "m");
  EXPECT_EQ(model_request.parameters.max_output_tokens(), 1024);
  EXPECT_EQ(model_request.prompt->manifest.model(), "fake/m");
  EXPECT_EQ(model_request.prompt->manifest.request_hash().size(), 64);
  EXPECT_LT(model_request.deadline, clock_.Now() + absl::Seconds(60));
}

TEST_F(GenerationsTest, PacksAPromptAgainWithoutCallingAnybody) {
  ASSERT_TRUE(StatusOfStart().ok());
  const prompt::v1::PromptManifest& asked = provider_->Call(0)->model_request.prompt->manifest;
  v1::PackPromptRequest request;
  *request.mutable_request() = request_;

  const auto again = generations_.Pack(CallContext(), request);
  request.mutable_request()->mutable_messages(0)->set_text("ho");
  const auto other = generations_.Pack(CallContext(), request);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->manifest().SerializeAsString(), asked.SerializeAsString());
  EXPECT_EQ(asked.parameters().max_output_tokens(), 1024);
  EXPECT_NE(other->manifest().request_hash(), asked.request_hash());
  EXPECT_NE(other->manifest().items(0).hash(), asked.items(0).hash());
  EXPECT_EQ(provider_->calls(), 1);
}

TEST_F(GenerationsTest, RefusesMessagesThatDoNotEndWithTheUser) {
  Say(prompt::v1::ROLE_ASSISTANT, "hello");
  EXPECT_THAT(WrongFields(), ElementsAre("messages"));
  request_.clear_messages();
  EXPECT_THAT(WrongFields(), ElementsAre("messages"));
}

TEST_F(GenerationsTest, NamesEveryWrongField) {
  request_.add_parts();
  Say(prompt::v1::ROLE_UNSPECIFIED, "x");
  Say(prompt::v1::ROLE_USER, "y");
  request_.mutable_parameters()->set_temperature(2.5);
  request_.mutable_parameters()->set_max_output_tokens(0);
  request_.mutable_parameters()->set_top_p(-1);
  for (int i = 0; i < 5; ++i)
    request_.mutable_parameters()->add_stop("x");
  EXPECT_THAT(WrongFields(),
              ElementsAre("parts[0].kind", "messages[1].role", "parameters.temperature",
                          "parameters.max_output_tokens", "parameters.top_p", "parameters.stop"));
}

TEST_F(GenerationsTest, RefusesAnUnknownModelBeforeAnyCall) {
  request_.mutable_parameters()->set_model("fake/other");
  EXPECT_EQ(GetReason(StatusOfStart()), "UNKNOWN_MODEL");
  EXPECT_EQ(provider_->calls(), 0);
}

TEST_F(GenerationsTest, RefusesWhatDoesNotFitBeforeAnyCall) {
  Say(prompt::v1::ROLE_USER, std::string(40'000, 'x'));
  EXPECT_EQ(GetReason(StatusOfStart()), "CONTEXT_TOO_LARGE");
  EXPECT_EQ(provider_->calls(), 0);
}

TEST_F(GenerationsTest, CancelsTheProviderWhenTheStreamIsLeft) {
  ASSERT_TRUE(StatusOfStart().ok());  // the stream is gone already
  EXPECT_TRUE(provider_->Call(0)->IsCancelled());
}

TEST_F(GenerationsTest, StatusNamesProvidersModelsAndStates) {
  const Models models(router_);
  const Identity identity = {.user_id = "u", .role = AccessRole::kUser};
  v1::GetStatusResponse status = *models.GetStatus(identity);
  EXPECT_TRUE(status.configured());
  EXPECT_EQ(status.default_model(), "fake/m");
  ASSERT_EQ(status.providers_size(), 1);
  EXPECT_EQ(status.providers(0).name(), "fake");
  EXPECT_THAT(status.providers(0).models(), ElementsAre("m"));
  EXPECT_EQ(status.providers(0).state(), v1::PROVIDER_STATE_AVAILABLE);

  Breaker& breaker = router_.members()[0].breakers->Of("m");
  for (int i = 0; i < 5; ++i)
    breaker.Leave(*breaker.TryEnter(), Breaker::Outcome::kFailed);
  status = *models.GetStatus(identity);
  EXPECT_EQ(status.providers(0).state(), v1::PROVIDER_STATE_UNAVAILABLE);
}

TEST_F(GenerationsTest, StatusTellsAdminsWhyAProviderFailed) {
  const Models models(router_);
  const Identity user = {.user_id = "u", .role = AccessRole::kUser};
  const Identity admin = {.user_id = "a", .role = AccessRole::kAdmin};
  Health& health = *router_.members()[0].health;
  EXPECT_FALSE(models.GetStatus(admin)->providers(0).has_last_error());
  health.Failed({.time = clock_.Now(),
                 .model = "fake/m",
                 .failure = {.kind = ProviderFailure::Kind::kRejected,
                             .message = "status 404",
                             .refusal = {.status = 404,
                                         .code = "model_not_found",
                                         .message = "No such model",
                                         .url = "http://x/v1"}}});
  const v1::GetStatusResponse::Provider told = models.GetStatus(admin)->providers(0);
  EXPECT_EQ(told.state(), v1::PROVIDER_STATE_UNAVAILABLE);
  EXPECT_EQ(told.last_error().code(), "model_not_found");
  EXPECT_EQ(told.last_error().message(), "No such model");
  EXPECT_EQ(told.last_error().url(), "http://x/v1");
  EXPECT_EQ(told.last_error().model(), "fake/m");
  EXPECT_FALSE(models.GetStatus(user)->providers(0).has_last_error());
  EXPECT_EQ(models.GetStatus(user)->providers(0).state(), v1::PROVIDER_STATE_UNAVAILABLE);
  health.Worked();
  EXPECT_EQ(models.GetStatus(user)->providers(0).state(), v1::PROVIDER_STATE_AVAILABLE);
}

TEST_F(GenerationsTest, LogsACutPersonaOnceForEachVersionAndModel) {
  CountingLogger logger;
  CutNotices notices(logger);
  prompt::v1::PromptManifest manifest;
  prompt::v1::PackedItem& item = *manifest.add_items();
  item.set_source("persona/p@1");
  notices.Note(manifest, "fake/m");
  EXPECT_EQ(logger.lines, 0);
  item.set_truncated(true);
  notices.Note(manifest, "fake/m");
  notices.Note(manifest, "fake/m");
  EXPECT_EQ(logger.lines, 1);
  notices.Note(manifest, "fake/n");
  item.set_source("persona/p@2");
  notices.Note(manifest, "fake/m");
  EXPECT_EQ(logger.lines, 3);
}

TEST_F(GenerationsTest, SendsNoThinkingThatWasStoredOnce) {
  request_.clear_messages();
  Say(prompt::v1::ROLE_USER, "<think>mine</think> hi");
  Say(prompt::v1::ROLE_ASSISTANT, "<think>secret</think>Hello");
  Say(prompt::v1::ROLE_USER, "bye");
  ASSERT_TRUE(StatusOfStart().ok());
  const auto turns = ChatTurns(*provider_->Call(0)->model_request.prompt);
  ASSERT_EQ(turns.size(), 3);
  EXPECT_EQ(turns[0].text, "<think>mine</think> hi");
  EXPECT_EQ(turns[1].text, "Hello");
}

TEST_F(GenerationsTest, TheCatalogueHasWindowsAndPrices) {
  const v1::ListModelsResponse list = *Models(router_).List();
  ASSERT_EQ(list.models_size(), 1);
  EXPECT_EQ(list.models(0).name(), "fake/m");
  EXPECT_EQ(list.models(0).window_tokens(), 4000);
  EXPECT_EQ(list.models(0).input_price(), 1.5e6);
}

TEST_F(GenerationsTest, AsksNobodyWhereTheBudgetIsSpent) {
  store_.Refuse(Refused::kUserBudget);
  CallContext call;
  call.deadline = clock_.Now() + absl::Seconds(60);
  const auto events = generations_.Start(call, request_);
  ASSERT_TRUE(events.ok()) << events.status();
  const GenerationEvents::Next next = (*events)->Poll();
  ASSERT_TRUE(next.end.has_value());
  EXPECT_EQ(GetReason(*next.end), "BUDGET_EXCEEDED");
  EXPECT_EQ(provider_->calls(), 0);
}

}  // namespace
}  // namespace dramatis::inference
