#include "services/conversation/pending_prompt.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

PendingPrompt::Prompt Named(const std::string& name) {
  dramatis::inference::v1::StreamGenerateRequest prompt;
  prompt.set_persona_name(name);
  return prompt;
}

TEST(PendingPromptTest, GoesOnAtOnceWhereItIsThere) {
  PendingPrompt pending;
  pending.Set(Named("Ada"));
  std::string got;
  pending.Then([&](PendingPrompt::Prompt prompt) { got = prompt->persona_name(); });
  EXPECT_EQ(got, "Ada");
}

TEST(PendingPromptTest, GoesOnWhenItComes) {
  PendingPrompt pending;
  absl::Status got;
  pending.Then([&](const PendingPrompt::Prompt& prompt) { got = prompt.status(); });
  EXPECT_TRUE(got.ok());
  pending.Set(absl::NotFoundError("persona"));
  EXPECT_TRUE(absl::IsNotFound(got));
}

TEST(PendingPromptTest, GoesOnOnceWhoeverIsFirst) {
  constexpr int kRounds = 2000;
  int calls = 0;
  for (int i = 0; i < kRounds; ++i) {
    PendingPrompt pending;
    std::thread setter([&] { pending.Set(Named("Ada")); });
    pending.Then([&](const PendingPrompt::Prompt& prompt) { calls += prompt.ok() ? 1 : 0; });
    setter.join();
  }
  EXPECT_EQ(calls, kRounds);
}

}  // namespace
}  // namespace dramatis::conversation
