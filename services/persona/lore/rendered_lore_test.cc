#include "services/persona/lore/rendered_lore.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::persona {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::LoreEntry Rendered(const std::string& content) {
  v1::Lore lore;
  v1::LoreEntry& entry = *lore.add_entries();
  entry.set_entry_id("1");
  entry.set_content(content);
  const v1::Lore rendered = RenderedLore(lore);
  return rendered.entries().empty() ? v1::LoreEntry() : rendered.entries(0);
}

TEST(RenderedLoreTest, ReadsDecoratorsBeforeTheContent) {
  const v1::LoreEntry entry = Rendered(
      "@@depth 2\n@@role assistant\n@@scan_depth 5\n@@additional_keys storm, gale\n"
      "@@exclude_keys calm\n@@activate_only_after 3\nI am tired.\n@@depth 9");
  EXPECT_EQ(entry.content(), "I am tired.\n@@depth 9");
  EXPECT_EQ(entry.position(), v1::LORE_POSITION_AT_DEPTH);
  EXPECT_EQ(entry.depth(), 2);
  EXPECT_EQ(entry.role(), v1::LORE_ROLE_ASSISTANT);
  EXPECT_EQ(entry.scan_depth(), 5);
  EXPECT_THAT(entry.keys(), ElementsAre("storm", "gale"));
  EXPECT_THAT(entry.exclude_keys(), ElementsAre("calm"));
  EXPECT_EQ(entry.delay(), 3);
}

TEST(RenderedLoreTest, TakesOffWhatItDoesNotKnowAndReadsWhatStandsBelowItInstead) {
  EXPECT_EQ(Rendered("@@is_user_icon main\nText.").content(), "Text.");
  const v1::LoreEntry entry = Rendered("@@unheard_of 1\n@@@also_unheard 2\n@@@depth 1\nText.");
  EXPECT_EQ(entry.depth(), 1);
  EXPECT_EQ(entry.content(), "Text.");
  // What is below a decorator that is read does not count.
  const v1::LoreEntry first = Rendered("@@position after_desc\n@@@depth 1\nText.");
  EXPECT_EQ(first.position(), v1::LORE_POSITION_AFTER_CHAR);
  EXPECT_EQ(Rendered("@@depth many\n@@@constant\nText.").constant(), true);
}

TEST(RenderedLoreTest, ForEverAndNever) {
  EXPECT_GT(Rendered("@@keep_activate_after_match\nText.").sticky(), 100'000);
  EXPECT_GT(Rendered("@@dont_activate_after_match\nText.").cooldown(), 100'000);
  EXPECT_TRUE(Rendered("@@activate\nText.").constant());
  EXPECT_EQ(Rendered("@@dont_activate\nText.").content(), "");
}

TEST(RenderedLoreTest, LeavesOutWhatSaysNothing) {
  v1::Lore lore;
  lore.add_entries()->set_content("A.");
  lore.mutable_entries(0)->set_enabled(false);
  lore.add_entries()->set_content(" \n");
  lore.add_entries()->set_content("@@depth 1");
  EXPECT_THAT(RenderedLore(lore).entries(), IsEmpty());
}

TEST(RenderedLoreTest, NamesPatternsThatAreNone) {
  v1::LoreEntry entry;
  entry.add_keys("fine");
  entry.add_keys("/(?=look)/");
  entry.add_secondary_keys("/[/");
  entry.add_exclude_keys("(");
  EXPECT_THAT(BadPatterns(entry), ElementsAre("keys[1]", "secondary_keys[0]"));
  entry.set_use_regex(true);
  EXPECT_THAT(BadPatterns(entry), ElementsAre("keys[1]", "secondary_keys[0]", "exclude_keys[0]"));
}

}  // namespace
}  // namespace dramatis::persona
