#include "services/persona/lore/book.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::persona {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

boost::json::object Data(const std::string& text) {
  return boost::json::parse(text).as_object();
}

constexpr char kBook[] = R"json({"name": "Tessa", "character_book": {
  "name": "Harbour", "scan_depth": 3, "token_budget": 200, "recursive_scanning": true, "more": 1,
  "extensions": {}, "entries": [
    {"keys": ["net", " "], "secondary_keys": ["blue"], "selective": true, "content": "Nets are blue.",
     "enabled": true, "insertion_order": 7, "case_sensitive": true, "constant": false, "name": "nets",
     "priority": 5, "id": 17, "comment": "c", "position": "after_char", "unknown": [1],
     "extensions": {"selectiveLogic": 3, "sticky": 4, "cooldown": 2, "delay": 6, "probability": 30,
       "useProbability": true, "match_whole_words": true, "exclude_recursion": true,
       "prevent_recursion": true, "delay_until_recursion": 1, "scan_depth": 9, "x": {}}},
    "no entry",
    {"keys": ["/sto(rm|ne)s?/i", "(?=never)"], "use_regex": true, "content": "Storms.", "enabled": false,
     "insertion_order": 1, "extensions": {"position": 4, "depth": 2, "role": 2}
},
    {"content": "Always.", "constant": true, "enabled": true, "insertion_order": 0, "extensions": {},
     "keys": []}]
}
})json";

v1::Lore Read(const boost::json::object& data) {
  std::vector<std::string> warnings;
  return ToLore(data, warnings);
}

TEST(BookTest, ReadsWhatCardsAndTheirExtensionsSay) {
  std::vector<std::string> warnings;
  const v1::Lore lore = ToLore(Data(kBook), warnings);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("RE2's (1)")));
  EXPECT_EQ(lore.scan_depth(), 3);
  EXPECT_EQ(lore.token_budget(), 200);
  EXPECT_TRUE(lore.recursive_scanning());
  ASSERT_EQ(lore.entries_size(), 3);
  const v1::LoreEntry& nets = lore.entries(0);
  EXPECT_EQ(nets.entry_id(), "1");
  EXPECT_THAT(nets.keys(), ElementsAre("net"));
  EXPECT_THAT(nets.secondary_keys(), ElementsAre("blue"));
  EXPECT_EQ(nets.secondary_logic(), v1::LORE_LOGIC_ALL);
  EXPECT_EQ(nets.position(), v1::LORE_POSITION_AFTER_CHAR);
  EXPECT_EQ(nets.sticky(), 4);
  EXPECT_EQ(nets.cooldown(), 2);
  EXPECT_EQ(nets.delay(), 6);
  EXPECT_EQ(nets.probability(), 30);
  EXPECT_EQ(nets.scan_depth(), 9);
  EXPECT_EQ(nets.insertion_order(), 7);
  EXPECT_EQ(nets.priority(), 5);
  EXPECT_TRUE(nets.case_sensitive() && nets.whole_words() && nets.exclude_recursion() &&
              nets.prevent_recursion() && nets.delay_until_recursion());
  const v1::LoreEntry& storms = lore.entries(1);
  EXPECT_EQ(storms.entry_id(), "3");
  EXPECT_TRUE(storms.use_regex());
  EXPECT_FALSE(storms.enabled());
  EXPECT_EQ(storms.position(), v1::LORE_POSITION_AT_DEPTH);
  EXPECT_EQ(storms.depth(), 2);
  EXPECT_EQ(storms.role(), v1::LORE_ROLE_ASSISTANT);
  EXPECT_TRUE(lore.entries(2).constant());
}

TEST(BookTest, NothingChangedIsTheSameBook) {
  const boost::json::object before = Data(kBook);
  boost::json::object after = before;
  SetLore(Read(before), after);
  EXPECT_EQ(after, before);
  boost::json::object none = Data(R"({"name": "x"})");
  SetLore(v1::Lore(), none);
  EXPECT_FALSE(none.contains("character_book"));
}

TEST(BookTest, WhatChangedComesOutAsItIsAndTheRestStays) {
  boost::json::object data = Data(kBook);
  v1::Lore lore = Read(data);
  lore.mutable_entries(0)->set_content("Nets are green.");
  lore.mutable_entries(0)->set_sticky(0);
  lore.mutable_entries()->DeleteSubrange(2, 1);
  v1::LoreEntry& added = *lore.add_entries();
  added.set_entry_id("new");
  added.add_keys("fish");
  added.set_content("Fish are wet.");
  added.set_position(v1::LORE_POSITION_AT_DEPTH);
  added.set_depth(1);
  added.set_probability(50);
  SetLore(lore, data);
  const boost::json::object& book = data.at("character_book").as_object();
  EXPECT_EQ(book.at("more"), 1);
  const boost::json::array& entries = book.at("entries").as_array();
  ASSERT_EQ(entries.size(), 3);
  EXPECT_EQ(entries[0].at("unknown").at(0), 1);
  EXPECT_EQ(entries[0].at("id"), 17);
  EXPECT_EQ(entries[0].at("content"), "Nets are green.");
  EXPECT_EQ(entries[1], Data(kBook).at("character_book").at("entries").at(2));
  v1::Lore again = Read(data);
  ASSERT_EQ(again.entries_size(), 3);
  for (int i = 0; i < 3; ++i)
    again.mutable_entries(i)->set_entry_id(lore.entries(i).entry_id());
  EXPECT_EQ(again.ShortDebugString(), lore.ShortDebugString());
}

TEST(BookTest, ABookOfNonsenseIsEmptyOrPlain) {
  for (
      const char* text :
      {R"({"character_book": 5})", R"({"character_book": {"entries": {}}})",
       R"({"character_book": {"entries": [1, null, []], "scan_depth": "x", "token_budget": null}})"}) {
    EXPECT_THAT(Read(Data(text)).entries(), IsEmpty()) << text;
  }
  const v1::Lore odd = Read(Data(R"({"character_book": {"entries": [{"keys": "k", "content": 7,
      "insertion_order": 1e300, "extensions": {"depth": -5, "position": 4, "sticky": "x"}}]}})"));
  ASSERT_EQ(odd.entries_size(), 1);
  EXPECT_EQ(odd.entries(0).insertion_order(), 1'000'000);
  EXPECT_EQ(odd.entries(0).depth(), 0);
}

}  // namespace
}  // namespace dramatis::persona
