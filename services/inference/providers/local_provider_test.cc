#include "services/inference/providers/local_provider.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;

class RecordingSink : public AnswerSink {
 public:
  void OnText(std::string_view text) override { pieces.emplace_back(text); }
  void OnEnd(const AnswerEnd& end) override { reason = end.finish_reason; }
  void OnFailure(const ProviderFailure& failure) override { reason = failure.message; }
  std::vector<std::string> pieces;
  std::string reason;
};

ModelRequest Asked(const std::string& text) {
  auto prompt = std::make_shared<PackedPrompt>();
  prompt->parts.emplace_back().set_kind(prompt::v1::PART_KIND_BIOGRAPHY);
  prompt->parts.back().set_text("I bake rye bread.");
  prompt->messages.emplace_back().set_role(prompt::v1::ROLE_USER);
  prompt->messages.back().set_text(text);
  ModelRequest model_request;
  model_request.prompt = prompt;
  return model_request;
}

TEST(LocalProviderTest, SplitsATextIntoWordsThatJoinToIt) {
  EXPECT_THAT(WordPieces("I  bake\nbread. "), ElementsAre("I  ", "bake\n", "bread. "));
  EXPECT_THAT(WordPieces(" a"), ElementsAre(" ", "a"));
  EXPECT_TRUE(WordPieces("").empty());
}

TEST(LocalProviderTest, SaysOneWordAfterTheOther) {
  FakeTimers timers;
  LocalProvider provider(timers, absl::Milliseconds(20));
  const auto sink = std::make_shared<RecordingSink>();
  provider.Start(Asked("What do you bake?"), sink);
  EXPECT_THAT(sink->pieces, ElementsAre("I "));
  EXPECT_EQ(timers.RunNext(), absl::Milliseconds(20));
  timers.RunNext();
  EXPECT_EQ(sink->reason, "");
  timers.RunNext();
  EXPECT_THAT(sink->pieces, ElementsAre("I ", "bake ", "rye ", "bread."));
  EXPECT_EQ(sink->reason, "stop");
}

TEST(LocalProviderTest, FallsSilentWhenCancelled) {
  FakeTimers timers;
  LocalProvider provider(timers, absl::ZeroDuration());
  const auto sink = std::make_shared<RecordingSink>();
  provider.Start(Asked("What do you bake?"), sink)->Cancel();
  timers.RunNext();
  EXPECT_EQ(sink->pieces.size(), 1);
  EXPECT_EQ(sink->reason, "");
  EXPECT_EQ(sink.use_count(), 1);
}

TEST(LocalProviderTest, KeepsToTheLimitOfTokens) {
  FakeTimers timers;
  LocalProvider provider(timers, absl::ZeroDuration());
  const auto sink = std::make_shared<RecordingSink>();
  ModelRequest model_request = Asked("What do you bake?");
  model_request.parameters.set_max_output_tokens(2);
  provider.Start(model_request, sink);
  timers.RunNext();
  EXPECT_THAT(sink->pieces, ElementsAre("I ", "bake "));
  EXPECT_EQ(sink->reason, "length");
}

TEST(LocalProviderTest, SaysWhatItIs) {
  FakeTimers timers;
  const LocalProvider provider(timers, absl::ZeroDuration());
  EXPECT_TRUE(provider.retrieval());
  EXPECT_THAT(provider.description(), testing::HasSubstr("generates nothing"));
  EXPECT_TRUE(provider.FindModel("").has_value());
  EXPECT_TRUE(provider.FindModel("retrieval").has_value());
  EXPECT_FALSE(provider.FindModel("gpt-4o").has_value());
}

}  // namespace
}  // namespace dramatis::inference
