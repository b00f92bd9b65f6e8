#include "services/inference/prompt/packing.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck.h"
#include "rapidcheck/gtest.h"
#include "services/inference/prompt/tokens.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using prompt::v1::PackedItem;
using testing::ElementsAre;

struct Prompt {
  Parts parts;
  Messages messages;

  Prompt& Part(prompt::v1::PartKind kind, const std::string& text) {
    prompt::v1::PromptPart& part = *parts.Add();
    part.set_kind(kind);
    part.set_text(text);
    part.set_source("part/" + std::to_string(parts.size()));
    return *this;
  }
  Prompt& Say(prompt::v1::Role role, const std::string& text) {
    prompt::v1::PromptMessage& message = *messages.Add();
    message.set_role(role);
    message.set_text(text);
    message.set_message_id(std::to_string(messages.size()));
    return *this;
  }
};

std::string Letters(int tokens) {
  return std::string(static_cast<size_t>(tokens) * 4, 'x');
}

// A window whose budget is exactly `budget`, with an output that takes the rest.
PackingLimits Budget(int budget) {
  PackingLimits limits = {.window_tokens = budget * 2, .output_tokens = 0};
  limits.output_tokens = PromptBudget(limits) - budget;
  return limits;
}

std::vector<std::string> KeptTexts(const PackedPrompt& packed) {
  std::vector<std::string> texts;
  for (const auto& message : packed.messages)
    texts.push_back(message.text());
  return texts;
}

TEST(PackingTest, BudgetIsTheWindowLessOutputAndFivePercent) {
  EXPECT_EQ(PromptBudget({.window_tokens = 1000, .output_tokens = 100}), 850);
  EXPECT_EQ(PromptBudget({.window_tokens = 1001, .output_tokens = 100}), 850);  // rounded up
}

TEST(PackingTest, KeepsEverythingThatFitsInOrder) {
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_SAFETY, "safe")
      .Part(prompt::v1::PART_KIND_ROLE, "role")
      .Say(prompt::v1::ROLE_USER, "one")
      .Say(prompt::v1::ROLE_ASSISTANT, "two")
      .Say(prompt::v1::ROLE_USER, "three");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(500));
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(SystemText(*packed), "role\n\nsafe");
  EXPECT_THAT(KeptTexts(*packed), ElementsAre("one", "two", "three"));
}

TEST(PackingTest, DropsTheOldestHistoryAndNeverSkipsOver) {
  Prompt prompt;
  prompt.Say(prompt::v1::ROLE_USER, "tiny")
      .Say(prompt::v1::ROLE_ASSISTANT, Letters(200))
      .Say(prompt::v1::ROLE_USER, Letters(20))
      .Say(prompt::v1::ROLE_USER, "new");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(100));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(KeptTexts(*packed), ElementsAre(Letters(20), "new"));
  EXPECT_EQ(packed->manifest.items(0).reason(), "over_budget");
  EXPECT_FALSE(packed->manifest.items(0).kept());
  EXPECT_EQ(packed->manifest.items(1).reason(), "over_budget");
}

TEST(PackingTest, GivesMemoriesFifteenPercentAndTriesSmallerOnes) {
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_MEMORY, Letters(140))
      .Part(prompt::v1::PART_KIND_MEMORY, Letters(60))
      .Part(prompt::v1::PART_KIND_MEMORY, Letters(30))
      .Say(prompt::v1::ROLE_USER, "new");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(1000));
  ASSERT_TRUE(packed.ok());
  ASSERT_EQ(packed->parts.size(), 2);
  EXPECT_EQ(packed->manifest.items(0).reason(), "over_share");  // with the heading, over 150
  EXPECT_EQ(packed->parts[0].text(), Letters(60));
  EXPECT_EQ(packed->parts[1].text(), Letters(30));
}

TEST(PackingTest, SaysWhyAMemoryThatFitsItsShareIsDropped) {
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_ROLE, Letters(950))
      .Part(prompt::v1::PART_KIND_MEMORY, Letters(100))
      .Say(prompt::v1::ROLE_USER, "new");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(1000));
  ASSERT_TRUE(packed.ok());
  EXPECT_EQ(packed->manifest.items(1).reason(), "over_budget");
}

TEST(PackingTest, RefusesAPersonaAndMessageOverTheBudget) {
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_ROLE, Letters(80)).Say(prompt::v1::ROLE_USER, Letters(30));
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(100));
  EXPECT_EQ(packed.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GetReason(packed.status()), "CONTEXT_TOO_LARGE");
}

TEST(PackingTest, RefusesAnOutputAsLargeAsTheWindow) {
  Prompt prompt;
  prompt.Say(prompt::v1::ROLE_USER, "hi");
  EXPECT_EQ(
      GetReason(Pack(prompt.parts, prompt.messages, {.window_tokens = 8192, .output_tokens = 32768})
                    .status()),
      "CONTEXT_TOO_LARGE");
}

TEST(PackingTest, NamesKindsAndSourcesInTheManifest) {
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_SYSTEM_PROMPT, "x").Say(prompt::v1::ROLE_USER, "hi");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(100));
  ASSERT_TRUE(packed.ok());
  EXPECT_EQ(packed->manifest.items(0).kind(), "system_prompt");
  EXPECT_EQ(packed->manifest.items(0).source(), "part/1");
  EXPECT_EQ(packed->manifest.items(1).kind(), "message");
  EXPECT_EQ(packed->manifest.items(1).source(), "message/1");
}

TEST(PackingTest, ListsMemoriesUnderALineThatSaysWhatTheyAre) {
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_MEMORY, "likes tea")
      .Part(prompt::v1::PART_KIND_MEMORY, "has a dog")
      .Part(prompt::v1::PART_KIND_ROLE, "You are Ada.")
      .Say(prompt::v1::ROLE_USER, "hi");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(500));
  ASSERT_TRUE(packed.ok());
  EXPECT_EQ(SystemText(*packed),
            "You are Ada.\n\nWhat you remember about the person you talk with:\n"
            "- likes tea\n- has a dog");
}

TEST(PackingTest, MergesNeighboursOfOneRole) {
  Prompt prompt;
  prompt.Say(prompt::v1::ROLE_USER, "Ann: a")
      .Say(prompt::v1::ROLE_USER, "Bob: b")
      .Say(prompt::v1::ROLE_ASSISTANT, "c")
      .Say(prompt::v1::ROLE_USER, "d");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(500));
  ASSERT_TRUE(packed.ok());
  EXPECT_THAT(ChatTurns(*packed), ElementsAre(ChatTurn{prompt::v1::ROLE_USER, "Ann: a\n\nBob: b"},
                                              ChatTurn{prompt::v1::ROLE_ASSISTANT, "c"},
                                              ChatTurn{prompt::v1::ROLE_USER, "d"}));
}

TEST(PackingTest, HashesModelParametersAndText) {
  Prompt prompt;
  prompt.Say(prompt::v1::ROLE_USER, "hi");
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, Budget(500));
  ASSERT_TRUE(packed.ok());
  prompt::v1::ModelParameters warm;
  warm.set_temperature(1);
  const std::string hash = RequestHash("a/b", {}, *packed);
  EXPECT_EQ(hash.size(), 64);
  EXPECT_EQ(hash, RequestHash("a/b", {}, *packed));
  EXPECT_NE(hash, RequestHash("a/c", {}, *packed));
  EXPECT_NE(hash, RequestHash("a/b", warm, *packed));
}

// Any prompt: parts of any kind, up to 300 messages, texts over all of Unicode's lengths.
Prompt AnyPrompt() {
  static const std::vector<std::string> all_pieces = {"word ", "é", "漢", "\xF0\x9F\x98\x80",
                                                      "\n",    "12"};
  const auto text = [](int longest) {
    std::string result;
    const int pieces = *rc::gen::inRange(0, longest);
    for (int i = 0; i < pieces; ++i)
      result += all_pieces[*rc::gen::inRange<size_t>(0, 6)];
    return result;
  };
  Prompt prompt;
  const int parts = *rc::gen::inRange(0, 12);
  for (int i = 0; i < parts; ++i) {
    prompt.Part(static_cast<prompt::v1::PartKind>(*rc::gen::inRange(1, 12)), text(60));
  }
  const int messages = *rc::gen::inRange(0, 60) * *rc::gen::inRange(1, 6);
  for (int i = 0; i < messages; ++i) {
    prompt.Say(*rc::gen::arbitrary<bool>() ? prompt::v1::ROLE_USER : prompt::v1::ROLE_ASSISTANT,
               text(40));
  }
  prompt.Say(prompt::v1::ROLE_USER, text(40));
  return prompt;
}

RC_GTEST_PROP(PackingProperty, NeverExceedsTheBudgetAndAccountsForEveryToken, ()) {
  const Prompt prompt = AnyPrompt();
  const PackingLimits limits = Budget(*rc::gen::inRange(50, 4000));
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, limits);
  if (!packed.ok()) {
    RC_ASSERT(GetReason(packed.status()) == "CONTEXT_TOO_LARGE");
    return;
  }
  int sum = kTokensForReply + (prompt.parts.empty() ? 0 : kTokensPerMessage);
  for (const PackedItem& item : packed->manifest.items())
    sum += item.kept() ? item.tokens() : 0;
  RC_ASSERT(packed->manifest.prompt_tokens() == sum);
  RC_ASSERT(sum <= packed->manifest.budget_tokens());
  // What is sent, counted as it is sent, fits as well.
  int sent = EstimateTokens(SystemText(*packed));
  for (const ChatTurn& turn : ChatTurns(*packed))
    sent += EstimateTokens(turn.text);
  RC_ASSERT(sent <= packed->manifest.budget_tokens());
}

RC_GTEST_PROP(PackingProperty, AlwaysHoldsThePersonaAndTheNewestMessage, ()) {
  const Prompt prompt = AnyPrompt();
  const absl::StatusOr<PackedPrompt> packed =
      Pack(prompt.parts, prompt.messages, Budget(*rc::gen::inRange(50, 4000)));
  if (!packed.ok()) return;
  const std::string system = SystemText(*packed);
  for (const prompt::v1::PromptPart& part : prompt.parts) {
    if (part.kind() == prompt::v1::PART_KIND_MEMORY ||
        part.kind() == prompt::v1::PART_KIND_SUMMARY) {
      continue;
    }
    const auto item =
        std::find_if(packed->manifest.items().begin(), packed->manifest.items().end(),
                     [&](const PackedItem& other) { return other.source() == part.source(); });
    RC_ASSERT(item->kept());
    if (!item->truncated()) RC_ASSERT(system.find(part.text()) != std::string::npos);
  }
  RC_ASSERT(packed->messages.back().message_id() == prompt.messages.rbegin()->message_id());
}

RC_GTEST_PROP(PackingProperty, KeepsTheNewestHistoryWithoutAGapAndNamesEveryItem, ()) {
  const Prompt prompt = AnyPrompt();
  const absl::StatusOr<PackedPrompt> packed =
      Pack(prompt.parts, prompt.messages, Budget(*rc::gen::inRange(50, 4000)));
  if (!packed.ok()) return;
  const int kept = static_cast<int>(packed->messages.size());
  const int first = prompt.messages.size() - kept;
  for (int i = 0; i < kept; ++i) {
    RC_ASSERT(packed->messages[i].SerializeAsString() ==
              prompt.messages[first + i].SerializeAsString());
  }
  RC_ASSERT(packed->manifest.items_size() == prompt.parts.size() + prompt.messages.size());
  for (const PackedItem& item : packed->manifest.items()) {
    RC_ASSERT(item.kept() == item.reason().empty());
  }
  // The first one left out did not fit, or not with the heading that a line of the persona needs.
  if (first > 0) {
    const PackedItem& dropped = packed->manifest.items(prompt.parts.size() + first - 1);
    const int heading = EstimateTokens("\n\nYou opened with: ");
    RC_ASSERT(packed->manifest.prompt_tokens() + dropped.tokens() + heading >
              packed->manifest.budget_tokens());
  }
}

TEST(PackingTest, CutsAPersonaThatTakesMoreThanAQuarterOfTheWindow) {
  std::string biography;
  for (int i = 0; i < 400; ++i)
    biography += "I keep the lighthouse.\n\n";
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_ROLE, "role")
      .Part(prompt::v1::PART_KIND_BIOGRAPHY, biography)
      .Part(prompt::v1::PART_KIND_SAFETY, "safe")
      .Say(prompt::v1::ROLE_USER, "hi");
  const PackingLimits limits = {.window_tokens = 2000, .output_tokens = 200};
  const absl::StatusOr<PackedPrompt> packed = Pack(prompt.parts, prompt.messages, limits);
  ASSERT_TRUE(packed.ok()) << packed.status();
  const std::string system = SystemText(*packed);
  EXPECT_LE(EstimateTokens(system), 500);
  EXPECT_GT(EstimateTokens(system), 450);
  EXPECT_TRUE(system.ends_with("lighthouse.\n\nsafe"));
  EXPECT_FALSE(packed->manifest.items(0).truncated());
  EXPECT_TRUE(packed->manifest.items(1).truncated());
  EXPECT_TRUE(packed->manifest.items(1).kept());
  // Where there is room, whole.
  const auto wide =
      Pack(prompt.parts, prompt.messages, {.window_tokens = 100'000, .output_tokens = 200});
  EXPECT_NE(SystemText(*wide).find(biography), std::string::npos);
  EXPECT_FALSE(wide->manifest.items(1).truncated());
}

TEST(PackingTest, WhatTheBiographyDoesNotNeedIsForTheInstructions) {
  Prompt prompt;
  prompt.Part(prompt::v1::PART_KIND_BIOGRAPHY, "Short.")
      .Part(prompt::v1::PART_KIND_SYSTEM_PROMPT, Letters(1000))
      .Say(prompt::v1::ROLE_USER, "hi");
  const auto packed =
      Pack(prompt.parts, prompt.messages, {.window_tokens = 2000, .output_tokens = 200});
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_FALSE(packed->manifest.items(0).truncated());
  EXPECT_TRUE(packed->manifest.items(1).truncated());
  EXPECT_GT(packed->manifest.items(1).tokens(), 480);
}

}  // namespace
}  // namespace dramatis::inference
