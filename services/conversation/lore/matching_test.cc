#include "services/conversation/lore/matching.h"

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::conversation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MatchingTest : public testing::Test {
 protected:
  MatchingTest() {
    persona_.set_persona_id("p");
    persona_.mutable_prompt()->set_version(3);
  }

  // An entry that tells its own name.
  persona::v1::LoreEntry& Entry(const std::string& id, const std::vector<std::string>& keys) {
    persona::v1::LoreEntry& entry = *persona_.mutable_lore()->add_entries();
    entry.set_entry_id(id);
    entry.set_content(id);
    for (const std::string& key : keys)
      entry.add_keys(key);
    return entry;
  }

  std::vector<prompt::v1::PromptPart> Parts(const std::vector<std::string>& messages,
                                            int newest = 0) {
    return MatchLore({.persona = persona_,
                      .messages = messages,
                      .newest_sequence = newest == 0 ? static_cast<int>(messages.size()) : newest,
                      .firings = firings_,
                      .conversation_id = "c"});
  }

  // What fires, as `entry: why`.
  std::vector<std::string> Fired(const std::vector<std::string>& messages, int newest = 0) {
    std::vector<std::string> fired;
    for (const prompt::v1::PromptPart& part : Parts(messages, newest))
      fired.push_back(absl::StrCat(part.lore().entry_id(), ": ", part.lore().why()));
    return fired;
  }

  RenderedPersona persona_;
  std::vector<LoreFiring> firings_;
};

TEST_F(MatchingTest, AnyKeyFires) {
  Entry("a", {"storm", "gale"});
  Entry("b", {"calm"});
  EXPECT_THAT(Fired({"Was there a GALE?"}), ElementsAre("a: key gale"));
  EXPECT_THAT(Fired({"Nothing."}), IsEmpty());
  EXPECT_EQ(Parts({"A storm."})[0].source(), "lore/p/a@3");
}

TEST_F(MatchingTest, KeysMatchAsTheirEntrySays) {
  Entry("plain", {"caf\u00e9"});
  Entry("case", {"Net"}).set_case_sensitive(true);
  Entry("whole", {"art"}).set_whole_words(true);
  EXPECT_THAT(Fired({"CAFE\u0301 nets, the party"}), ElementsAre("plain: key caf\u00e9"));
  EXPECT_THAT(Fired({"Net art!"}), ElementsAre("case: key Net", "whole: key art"));
}

TEST_F(MatchingTest, PatternsAreRe2s) {
  Entry("slashes", {"/sto(rm|ne)s?/i"});
  Entry("bare", {"^two$|w{3}"}).set_use_regex(true);
  Entry("bad", {"/(?=x)/"});
  EXPECT_THAT(Fired({"STONES www"}),
              ElementsAre("slashes: key /sto(rm|ne)s?/i", "bare: key ^two$|w{3}"));
}

TEST_F(MatchingTest, SecondaryKeysAllowOrForbid) {
  for (const auto& [id, logic] : {std::pair("any", persona::v1::LORE_LOGIC_ANY),
                                  std::pair("all", persona::v1::LORE_LOGIC_ALL),
                                  std::pair("not_any", persona::v1::LORE_LOGIC_NOT_ANY),
                                  std::pair("not_all", persona::v1::LORE_LOGIC_NOT_ALL)}) {
    persona::v1::LoreEntry& entry = Entry(id, {"sea"});
    entry.add_secondary_keys("blue");
    entry.add_secondary_keys("deep");
    entry.set_secondary_logic(logic);
  }
  EXPECT_THAT(Fired({"sea"}), ElementsAre("not_any: key sea", "not_all: key sea"));
  EXPECT_THAT(Fired({"sea blue"}), ElementsAre("any: key sea", "not_all: key sea"));
  EXPECT_THAT(Fired({"sea blue deep"}), ElementsAre("any: key sea", "all: key sea"));
  EXPECT_THAT(Fired({"blue deep"}), IsEmpty());
}

TEST_F(MatchingTest, ConstantsFireAlwaysButForTheirExcludeKeys) {
  Entry("always", {}).set_constant(true);
  persona::v1::LoreEntry& entry = Entry("unless", {"sea"});
  entry.add_exclude_keys("dead");
  EXPECT_THAT(Fired({""}), ElementsAre("always: constant"));
  EXPECT_THAT(Fired({"the dead sea"}), ElementsAre("always: constant"));
}

TEST_F(MatchingTest, LooksThroughTheNewestMessagesOnly) {
  persona_.mutable_lore()->set_scan_depth(2);
  Entry("book", {"sea"});
  Entry("own", {"sea"}).set_scan_depth(3);
  Entry("none", {"sea"}).set_scan_depth(0);
  EXPECT_THAT(Fired({"sea", "a", "b"}), ElementsAre("own: key sea"));
  EXPECT_THAT(Fired({"a", "sea", "b"}), ElementsAre("book: key sea", "own: key sea"));
}

TEST_F(MatchingTest, StandsInTheOrderOfInsertion) {
  Entry("late", {"x"}).set_insertion_order(9);
  Entry("first", {"x"}).set_insertion_order(-1);
  Entry("early", {"x"}).set_insertion_order(2);
  Entry("early too", {"x"}).set_insertion_order(2);
  EXPECT_THAT(Fired({"x"}),
              ElementsAre("first: key x", "early: key x", "early too: key x", "late: key x"));
}

TEST_F(MatchingTest, WhatFiredIsLookedThroughToo) {
  Entry("first", {"storm"}).set_content("It broke the lantern.");
  Entry("second", {"lantern"}).set_content("The lantern came from Bergen.");
  Entry("third", {"bergen"}).set_content("storm");
  EXPECT_THAT(Fired({"A storm"}), ElementsAre("first: key storm"));
  persona_.mutable_lore()->set_recursive_scanning(true);
  EXPECT_THAT(Fired({"A storm"}), ElementsAre("first: key storm", "second: recursion lantern",
                                              "third: recursion bergen"));
  persona_.mutable_lore()->mutable_entries(1)->set_prevent_recursion(true);
  EXPECT_THAT(Fired({"A storm"}), ElementsAre("first: key storm", "second: recursion lantern"));
  persona_.mutable_lore()->mutable_entries(1)->set_exclude_recursion(true);
  EXPECT_THAT(Fired({"A storm"}), ElementsAre("first: key storm"));
  persona_.mutable_lore()->mutable_entries(2)->set_delay_until_recursion(true);
  EXPECT_THAT(Fired({"Bergen"}), IsEmpty());
}

TEST_F(MatchingTest, AChainOfEntriesEnds) {
  persona_.mutable_lore()->set_recursive_scanning(true);
  for (int i = 0; i < 50; ++i)
    Entry(absl::StrCat("e", i), {absl::StrCat("key", i, ".")})
        .set_content(absl::StrCat("key", i + 1, "."));
  EXPECT_EQ(Fired({"key0."}).size(), 10);
}

TEST_F(MatchingTest, StaysThenRests) {
  persona::v1::LoreEntry& entry = Entry("a", {"sea"});
  entry.set_sticky(4);
  entry.set_cooldown(3);
  const prompt::v1::PromptPart part = Parts({"sea"}, 11)[0];
  EXPECT_EQ(part.lore().sticky_until(), 15);
  EXPECT_EQ(part.lore().cooldown_until(), 18);
  firings_ = {{.entry_id = "a", .sequence = 11, .sticky_until = 15, .cooldown_until = 18}};
  EXPECT_THAT(Fired({"sea"}, 11), ElementsAre("a: key sea"));  // another answer to the same message
  EXPECT_THAT(Fired({"-"}, 13), ElementsAre("a: sticky"));
  EXPECT_EQ(Parts({"-"}, 13)[0].lore().sticky_until(), 0);  // it does not stay for longer
  EXPECT_THAT(Fired({"-"}, 15), IsEmpty());
  EXPECT_THAT(Fired({"sea"}, 17), IsEmpty());
  EXPECT_THAT(Fired({"sea"}, 18), ElementsAre("a: key sea"));
}

TEST_F(MatchingTest, WaitsForItsDelay) {
  Entry("a", {"sea"}).set_delay(5);
  EXPECT_THAT(Fired({"sea"}, 4), IsEmpty());
  EXPECT_THAT(Fired({"sea"}, 5), ElementsAre("a: key sea"));
}

TEST_F(MatchingTest, ProbabilityIsDrawnOnceForAMessage) {
  Entry("never", {"x"}).set_probability(0);
  Entry("half", {"x"}).set_probability(50);
  int fired = 0;
  for (int message = 1; message <= 400; ++message) {
    EXPECT_EQ(Fired({"x"}, message), Fired({"x"}, message));
    fired += static_cast<int>(Fired({"x"}, message).size());
  }
  EXPECT_GT(fired, 150);
  EXPECT_LT(fired, 250);
}

TEST_F(MatchingTest, WhatAManifestNamesIsMadeAgain) {
  Entry("late", {"x"}).set_insertion_order(9);
  Entry("early", {"x"}).set_insertion_order(2);
  Entry("other", {"y"});
  prompt::v1::PromptManifest manifest;
  for (const prompt::v1::PromptPart& part : Parts({"x"})) {
    prompt::v1::PackedItem& item = *manifest.add_items();
    item.set_kind("lore_before");
    item.set_source(part.source());
    item.set_why(part.lore().why());
    item.set_kept(true);
  }
  std::vector<std::string> again, before;
  for (const prompt::v1::PromptPart& part : LoreAgain(persona_, manifest))
    again.push_back(part.ShortDebugString());
  for (const prompt::v1::PromptPart& part : Parts({"x"}))
    before.push_back(part.ShortDebugString());
  EXPECT_EQ(again, before);
}

TEST_F(MatchingTest, OnlyWhatWasToldIsRemembered) {
  Entry("a", {"x"}).set_sticky(2);
  Entry("b", {"x"}).set_cooldown(2);
  Entry("c", {"x"});
  google::protobuf::RepeatedPtrField<prompt::v1::PromptPart> parts;
  prompt::v1::PromptManifest manifest;
  for (const prompt::v1::PromptPart& part : Parts({"x"}, 7)) {
    *parts.Add() = part;
    prompt::v1::PackedItem& item = *manifest.add_items();
    item.set_source(part.source());
    item.set_kept(part.lore().entry_id() != "b");
  }
  const std::vector<LoreFiring> firings = NewFirings(parts, manifest, 7);
  ASSERT_EQ(firings.size(), 1);
  EXPECT_EQ(firings[0].entry_id, "a");
  EXPECT_EQ(firings[0].sequence, 7);
  EXPECT_EQ(firings[0].sticky_until, 9);
}

// A long conversation against the rules of SillyTavern 1.19 (world-info.js, WorldInfoTimedEffects),
// written down as it has them: effects with a start and an end, looked at before each scan.
TEST_F(MatchingTest, TimedEffectsAreSillyTaverns) {
  std::mt19937 chance(20261126);
  const auto draw = [&](int most) { return static_cast<int>(chance() % (most + 1)); };
  for (int round = 0; round < 300; ++round) {
    persona_.clear_lore();
    firings_.clear();
    persona::v1::LoreEntry& entry = Entry("e", {"key"});
    entry.set_sticky(draw(6));
    entry.set_cooldown(entry.sticky() == 0 ? draw(6) : 0);
    entry.set_delay(draw(4));
    int sticky_end = 0;
    int cooldown_end = 0;
    for (int length = 1; length < 40; length += 2) {
      const bool key = draw(2) == 0;
      const bool sticky = length < sticky_end;
      const bool cooling = length < cooldown_end;
      const bool expected = length >= entry.delay() && (sticky || (!cooling && key));
      const auto parts = Parts({key ? "a key" : "nothing"}, length);
      ASSERT_EQ(!parts.empty(), expected) << entry.ShortDebugString() << " at " << length;
      if (expected && !sticky) {
        if (entry.sticky() > 0) sticky_end = length + entry.sticky();
        if (entry.cooldown() > 0) cooldown_end = length + entry.cooldown();
      }
      for (const prompt::v1::PromptPart& part : parts) {
        if (part.lore().sticky_until() == 0 && part.lore().cooldown_until() == 0) continue;
        firings_ = {{.entry_id = "e",
                     .sequence = length,
                     .sticky_until = part.lore().sticky_until(),
                     .cooldown_until = part.lore().cooldown_until()}};
      }
    }
  }
}

}  // namespace
}  // namespace dramatis::conversation
