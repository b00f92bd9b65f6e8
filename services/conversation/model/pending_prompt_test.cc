#include "services/conversation/model/pending_prompt.h"

#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

using Pending = PendingOf<std::string>;

TEST(PendingPromptTest, GoesOnAtOnceWhereItIsThere) {
  Pending pending;
  pending.Set("Ada");
  std::string got;
  pending.Then([&](const std::string& prompt) { got = prompt; });
  EXPECT_EQ(got, "Ada");
}

TEST(PendingPromptTest, GoesOnWhenItComes) {
  Pending pending;
  std::string got;
  pending.Then([&](const std::string& prompt) { got = prompt; });
  EXPECT_EQ(got, "");
  pending.Set("Ada");
  EXPECT_EQ(got, "Ada");
}

TEST(PendingPromptTest, GoesOnOnceWhoeverIsFirst) {
  constexpr int kRounds = 2000;
  int calls = 0;
  for (int i = 0; i < kRounds; ++i) {
    Pending pending;
    std::thread setter([&] { pending.Set("Ada"); });
    pending.Then([&](const std::string& prompt) { calls += prompt == "Ada" ? 1 : 0; });
    setter.join();
  }
  EXPECT_EQ(calls, kRounds);
}

}  // namespace
}  // namespace dramatis::conversation
