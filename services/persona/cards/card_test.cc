#include "services/persona/cards/card.h"

#include <string>

#include <boost/json/parse.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::persona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

boost::json::object Parse(const std::string& text) {
  return ParseCard(text).value();
}

constexpr char kV3[] = R"({"spec": "chara_card_v3", "spec_version": "3.0", "data": {
  "name": "Tessa", "description": "I mend nets.", "personality": "Dry.", "scenario": "A harbour.",
  "first_mes": "Morning, {{user}}.", "mes_example": "<START>", "creator_notes": "Not for prompts.",
  "system_prompt": "{{original}} Stay dry.", "post_history_instructions": "Be brief.",
  "alternate_greetings": ["Evening."], "tags": ["sea"], "creator": "me", "character_version": "1",
  "extensions": {"x/y": {"deep": [1, 2.5, null]}}, "group_only_greetings": [], "unknown": true,
  "character_book": {"extensions": {}, "entries": [{"keys": ["net"], "content": "Nets are blue."}]}}})";

TEST(CardTest, MakesAPersona) {
  const CardPersona made = ToPersona(Parse(kV3));
  EXPECT_EQ(made.definition.name(), "Tessa");
  EXPECT_EQ(made.definition.biography(),
            "I mend nets.\n\nPersonality: Dry.\n\nScenario: A harbour.\n\nHow I speak:\n<START>");
  EXPECT_EQ(made.definition.greeting(), "Morning, {{user}}.");
  EXPECT_EQ(made.definition.system_prompt(), "Stay dry.\n\nBe brief.");
  EXPECT_EQ(made.definition.type(), v1::PERSONA_TYPE_AI_AGENT);
  EXPECT_THAT(made.definition.alternate_greetings(), ElementsAre("Evening."));
  EXPECT_THAT(made.definition.tags(), ElementsAre("sea"));
  EXPECT_EQ(made.definition.creator(), "me");
  EXPECT_EQ(made.definition.creator_notes(), "Not for prompts.");
  ASSERT_EQ(made.lore.entries_size(), 1);
  EXPECT_EQ(made.lore.entries(0).content(), "Nets are blue.");
  EXPECT_THAT(made.warnings, ElementsAre());
}

TEST(CardTest, ListsAreMadeToFit) {
  const CardPersona made = ToPersona(Parse(R"({"spec": "chara_card_v3", "data": {"name": "Tessa",
    "nickname": " Tess\u0000 ", "tags": ["a ", "a", "", 5, "b"],
    "group_only_greetings": ["", "Hello all."], "alternate_greetings": [")" +
                                           std::string(8'001, 'g') + R"("]}})"));
  EXPECT_EQ(made.definition.nickname(), "Tess");
  EXPECT_THAT(made.definition.tags(), ElementsAre("a", "b"));
  EXPECT_THAT(made.definition.group_only_greetings(), ElementsAre("Hello all."));
  EXPECT_EQ(made.definition.alternate_greetings(0).size(), 8'000);
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("`alternate_greetings`")));
}

TEST(CardTest, OldCardsHaveTheirMembersAtTheTop) {
  const CardPersona made =
      ToPersona(Parse(R"({"name": "T\u0000", "description": "D", "first_mes": "F"})"));
  EXPECT_EQ(made.definition.name(), "Character");
  EXPECT_EQ(made.definition.biography(), "D");
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("\"Character\"")));
}

TEST(CardTest, WhatIsTooLongIsCutAndSaid) {
  const std::string json = R"({"name": "Tessa", "description": ")" + std::string(200'001, 'd') +
                           R"(", "first_mes": ")" + std::string(8'001, 'f') + R"("})";
  const CardPersona made = ToPersona(Parse(json));
  EXPECT_EQ(made.definition.biography().size(), 200'000);
  EXPECT_EQ(made.definition.greeting().size(), 8'000);
  EXPECT_EQ(made.warnings.size(), 2);
}

TEST(CardTest, RefusesWhatIsNoCard) {
  for (const char* text :
       {"", "[]", "{", "{}", R"({"name": "x"})", R"({"name": 5, "description": "d"})",
        R"({"spec": "chara_card_v2", "data": {}})", R"({"spec": "chara_card_v3", "data": []})"}) {
    EXPECT_FALSE(ParseCard(text).ok()) << text;
  }
  EXPECT_FALSE(ParseCard(std::string(100, '[')).ok());
  EXPECT_FALSE(
      ParseCard(R"({"name": "x", "description": ")" + std::string(2 << 20, 'd') + "\"}").ok());
}

TEST(CardTest, HalfAnEmojiSpoilsNothingElse) {
  const auto card = ParseCard(R"({"spec":"chara_card_v2","data":{"name":"Nix",
    "description":"cut \ud83d, whole \ud83d\ude00"}})");
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_EQ(ToPersona(*card).definition.biography(), "cut \uFFFD, whole \U0001F600");
}

TEST(CardTest, ANewerVersionIsReadAsTheThird) {
  EXPECT_TRUE(ParseCard(R"({"spec": "chara_card_v9", "data": {"name": "Tessa"}})").ok());
}

TEST(CardTest, ChangesGoWhereTheCardHasThem) {
  boost::json::object card = Parse(kV3);
  card["name"] = "Tessa";  // as some programs write it besides
  const v1::Lore lore = ToPersona(card).lore;
  v1::Persona now = ToPersona(card).definition;
  EXPECT_EQ(WithChanges(card, now, lore), card);
  now.set_nickname("T");
  now.add_alternate_greetings("Night.");
  now.clear_tags();
  now.set_creator_notes("Mind the gap.");
  now.set_name("Tess");
  now.set_biography("I sail.");
  now.set_greeting("Hello.");
  const boost::json::object changed = WithChanges(card, now, lore);
  EXPECT_EQ(changed.at("name"), "Tess");
  EXPECT_EQ(ToPersona(changed).definition.ShortDebugString(), now.ShortDebugString());
  EXPECT_EQ(changed.at("data").at("unknown"), true);
}

TEST(CardTest, OtherVersionsKeepWhatTheyDoNotKnow) {
  const boost::json::object second = InSpec(Parse(kV3), v1::CARD_SPEC_V2);
  EXPECT_EQ(second.at("spec"), "chara_card_v2");
  EXPECT_EQ(second.at("data").at("unknown"), true);
  const boost::json::object third = InSpec(second, v1::CARD_SPEC_V3);
  EXPECT_EQ(third.at("data").at("character_book").at("entries").at(0).at("use_regex"), false);
  const boost::json::object old = Parse(R"({"name": "Tessa", "description": "D", "more": 1})");
  EXPECT_EQ(InSpec(old, v1::CARD_SPEC_UNSPECIFIED), old);
  EXPECT_EQ(InSpec(old, v1::CARD_SPEC_V2).at("data").at("more"), 1);
  EXPECT_EQ(InSpec(old, v1::CARD_SPEC_V2).at("data").at("mes_example"), "");
}

}  // namespace
}  // namespace dramatis::persona
