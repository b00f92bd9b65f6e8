#include "shared/text/macros.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using ::testing::AnyOf;

std::string Expanded(std::string_view text, const std::string& seed = "turn") {
  return ExpandMacros(
      text, {.character = "Ada", .user = "Bo", .seed = seed, .lasting_seed = "conversation"});
}

TEST(MacrosTest, PutsNamesInWhateverTheCase) {
  EXPECT_EQ(Expanded("{{char}} {{Char}} {{ CHAR }} <BOT> <bot>"), "Ada Ada Ada Ada Ada");
  EXPECT_EQ(Expanded("{{user}} {{User}} <USER> <User>"), "Bo Bo Bo Bo");
}

TEST(MacrosTest, LeavesOutComments) {
  EXPECT_EQ(Expanded("a{{// not {{char}} }}b{{comment: c}}"), "ab");
}

TEST(MacrosTest, LeavesEverythingElseAsItIs) {
  for (const char* text : {"{{original}}", "{{char", "char}}", "{char}", "<b>", "{{", "}}", "{{}}",
                           "{{roll:x}}", "{{roll:0}}", "{{roll:999d6}}", "{{random}}", "{{charm}}",
                           "if (a) {{ b }}", "\u732B {\u732B}", ""}) {
    EXPECT_EQ(Expanded(text), text);
  }
  EXPECT_EQ(Expanded("{{unknown {{char}} }}"), "{{unknown Ada }}");
}

TEST(MacrosTest, ReadsNoNameAsAMacro) {
  EXPECT_EQ(
      ExpandMacros("{{user}} and {{char}}",
                   {.character = "<USER>", .user = "{{char}}", .seed = "", .lasting_seed = ""}),
      "{{char}} and <USER>");
}

TEST(MacrosTest, ChoosesTheSameAgain) {
  EXPECT_THAT(Expanded("{{random:a, b ,c}}"), AnyOf("a", "b", "c"));
  EXPECT_THAT(Expanded("{{random::a,b::c}}"), AnyOf("a,b", "c"));
  EXPECT_EQ(Expanded("{{random:a\\,b}}"), "a,b");
  EXPECT_THAT(Expanded("{{random:{{user}},{{char}}}}"), AnyOf("Ada", "Bo"));
  EXPECT_EQ(Expanded("{{random:a,b,c}}{{roll:d100}}"), Expanded("{{random:a,b,c}}{{roll:d100}}"));
  std::set<std::string> random;
  std::set<std::string> pick;
  std::set<std::string> places;
  for (int i = 0; i < 50; ++i) {
    random.insert(Expanded("{{random:a,b,c}}", std::to_string(i)));
    pick.insert(Expanded("{{pick:a,b,c}}", std::to_string(i)));
  }
  EXPECT_EQ(random.size(), 3U);
  EXPECT_EQ(pick.size(), 1U);
  EXPECT_NE(Expanded("{{roll:d1000}} {{roll:d1000}}").substr(0, 3),
            Expanded("{{roll:d1000}} {{roll:d1000}}").substr(4, 3));
}

TEST(MacrosTest, ThrowsDice) {
  for (int i = 0; i < 50; ++i) {
    const int die = std::stoi(Expanded("{{roll:d6}}", std::to_string(i)));
    EXPECT_TRUE(die >= 1 && die <= 6) << die;
    const int two = std::stoi(Expanded("{{roll 2d6+10}}", std::to_string(i)));
    EXPECT_TRUE(two >= 12 && two <= 22) << two;
  }
  EXPECT_EQ(Expanded("{{roll:1}}"), "1");
}

TEST(MacrosTest, TurnsTextAround) {
  EXPECT_EQ(Expanded("{{reverse:{{char}}e\u0301}}"), "e\u0301adA");
}

TEST(MacrosTest, SurvivesDeepNesting) {
  std::string text;
  for (int i = 0; i < 10000; ++i)
    text += "{{random:";
  for (int i = 0; i < 10000; ++i)
    text += "}}";
  EXPECT_GT(Expanded(text).size(), 0U);
  EXPECT_EQ(Expanded(std::string(100000, '{')), std::string(100000, '{'));
}

TEST(MacrosTest, TakesTheInnerOfManyBraces) {
  EXPECT_EQ(Expanded("{{{char}}}"), "{Ada}");
  EXPECT_EQ(Expanded("{{ {{char}}"), "{{ Ada");
}

TEST(MacrosTest, KnowsWhetherTheUserIsNamed) {
  EXPECT_TRUE(NamesUser("Hi {{User}}!"));
  EXPECT_TRUE(NamesUser("Hi <user>!"));
  EXPECT_TRUE(NamesUser("{{random:a,{{user}}}}"));
  EXPECT_FALSE(NamesUser("Hi user!"));
  EXPECT_FALSE(NamesUser("Hi {{char}}!"));
}

}  // namespace
}  // namespace dramatis
