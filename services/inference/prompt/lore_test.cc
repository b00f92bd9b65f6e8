#include "services/inference/prompt/lore.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/prompt/packing.h"

namespace dramatis::inference {
namespace {

using prompt::v1::PartKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

prompt::v1::PromptPart Part(PartKind kind, const std::string& text, int priority = 0) {
  prompt::v1::PromptPart part;
  part.set_kind(kind);
  part.set_text(text);
  part.set_source("lore/p/" + text + "@1");
  part.mutable_lore()->set_priority(priority);
  part.mutable_lore()->set_why("key k");
  return part;
}

prompt::v1::PromptPart AtDepth(const std::string& text, int depth, bool own = false) {
  prompt::v1::PromptPart part = Part(PartKind::PART_KIND_LORE_AT_DEPTH, text);
  part.mutable_lore()->set_depth(depth);
  part.mutable_lore()->set_own(own);
  return part;
}

class LoreTest : public testing::Test {
 protected:
  LoreTest() {
    *parts_.Add() = Part(PartKind::PART_KIND_ROLE, "You are Ada.");
    *parts_.Add() = Part(PartKind::PART_KIND_BIOGRAPHY, "I build telescopes.");
    *parts_.Add() = Part(PartKind::PART_KIND_SAFETY, "Stay kind.");
    Say(prompt::v1::ROLE_USER, "one");
    Say(prompt::v1::ROLE_ASSISTANT, "two");
    Say(prompt::v1::ROLE_USER, "three");
  }

  void Say(prompt::v1::Role role, const std::string& text) {
    prompt::v1::PromptMessage& message = *messages_.Add();
    message.set_role(role);
    message.set_text(text);
    message.set_sequence(messages_.size());
  }

  PackedPrompt Packed(PackingLimits limits = {.window_tokens = 4000, .output_tokens = 100}) {
    return Pack(parts_, messages_, limits).value();
  }

  std::vector<std::string> Turns() {
    std::vector<std::string> turns;
    for (const ChatTurn& turn : ChatTurns(Packed()))
      turns.push_back((turn.role == prompt::v1::ROLE_USER ? "u: " : "a: ") + turn.text);
    return turns;
  }

  std::vector<std::string> Kept(PackingLimits limits) {
    std::vector<std::string> kept;
    const PackedPrompt packed = Packed(limits);
    for (const prompt::v1::PackedItem& item : packed.manifest.items())
      if (item.kept() && item.kind().starts_with("lore")) kept.push_back(item.source());
    return kept;
  }

  Parts parts_;
  Messages messages_;
};

TEST_F(LoreTest, StandsAroundTheBiography) {
  *parts_.Add() = Part(PartKind::PART_KIND_LORE_AFTER, "After.");
  *parts_.Add() = Part(PartKind::PART_KIND_LORE_BEFORE, "Before.");
  EXPECT_EQ(SystemText(Packed()),
            "You are Ada.\n\nBefore.\n\nI build telescopes.\n\nAfter.\n\nStay kind.");
  EXPECT_EQ(SystemTextParts(Packed()).stable, "You are Ada.");
  EXPECT_EQ(Packed().manifest.items(1).why(), "key k");
}

TEST_F(LoreTest, StandsAmongTheMessagesAtItsDepth) {
  *parts_.Add() = AtDepth("newest", 0);
  *parts_.Add() = AtDepth("before it", 1, /*own=*/true);
  *parts_.Add() = AtDepth("first", 99);
  EXPECT_THAT(Turns(), ElementsAre("u: first\n\none", "a: two\n\nbefore it", "u: three\n\nnewest"));
}

TEST_F(LoreTest, APromptEndsWithTheOtherSide) {
  *parts_.Add() = AtDepth("mine", 0, /*own=*/true);
  EXPECT_THAT(Turns(), ElementsAre("u: one", "a: two", "u: three\n\nmine"));
}

TEST_F(LoreTest, WhatIsWorthLessGoesFirst) {
  const std::string words(400, 'w');
  *parts_.Add() = Part(PartKind::PART_KIND_LORE_BEFORE, "low" + words, 1);
  *parts_.Add() = Part(PartKind::PART_KIND_LORE_BEFORE, "high" + words, 9);
  *parts_.Add() = Part(PartKind::PART_KIND_LORE_BEFORE, "middle" + words, 5);
  EXPECT_EQ(Kept({.window_tokens = 40'000, .output_tokens = 100}).size(), 3);
  EXPECT_THAT(Kept({.window_tokens = 40'000, .output_tokens = 100, .lore_tokens = 150}),
              ElementsAre(HasSubstr("high")));
  EXPECT_THAT(Kept({.window_tokens = 40'000, .output_tokens = 100, .lore_tokens = 0}),
              ElementsAre());
  // However much the book allows itself: a share of the prompt.
  EXPECT_THAT(Kept({.window_tokens = 1'200, .output_tokens = 100, .lore_tokens = 9'000}),
              ElementsAre(HasSubstr("high")));
}

TEST_F(LoreTest, WhatStaysGoesBeforeWhatIsNew) {
  const std::string words(400, 'w');
  *parts_.Add() = Part(PartKind::PART_KIND_LORE_BEFORE, "new" + words, 9);
  *parts_.Add() = Part(PartKind::PART_KIND_LORE_BEFORE, "old" + words, 1);
  parts_.rbegin()->mutable_lore()->set_why("sticky");
  EXPECT_THAT(Kept({.window_tokens = 40'000, .output_tokens = 100, .lore_tokens = 150}),
              ElementsAre(HasSubstr("old")));
}

}  // namespace
}  // namespace dramatis::inference
