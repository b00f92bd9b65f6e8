#include "shared/text/lore_pattern.h"

#include <string>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

bool Matches(const std::string& key, const std::string& text, bool case_sensitive = false) {
  return LorePattern(key, case_sensitive).Matches(text);
}

TEST(LorePatternTest, WhatStandsBetweenSlashesIsAPattern) {
  EXPECT_TRUE(IsLorePattern("/storms?/", false));
  EXPECT_TRUE(IsLorePattern("/storms?/gi", false));
  EXPECT_FALSE(IsLorePattern("storms?", false));
  EXPECT_TRUE(IsLorePattern("storms?", true));
  EXPECT_FALSE(IsLorePattern("and/or", false));
  EXPECT_FALSE(IsLorePattern("/usr/bin", false));
  EXPECT_FALSE(IsLorePattern("//", false));
}

TEST(LorePatternTest, FlagsSayWhatTheyMean) {
  EXPECT_TRUE(Matches("/storms?/i", "A STORM."));
  EXPECT_FALSE(Matches("/storms?/", "A STORM."));
  EXPECT_FALSE(Matches("/a.b/", "a\nb"));
  EXPECT_TRUE(Matches("/a.b/s", "a\nb"));
  EXPECT_TRUE(Matches("/^b/m", "a\nb"));
  EXPECT_TRUE(Matches("storms?", "A STORM."));
  EXPECT_FALSE(Matches("storms?", "A STORM.", /*case_sensitive=*/true));
}

TEST(LorePatternTest, WhatIsNoPatternMatchesNothing) {
  for (const char* key : {"(", "/(?=a)/", "a{1000}{1000}", "/(?<!a)b/"}) {
    EXPECT_FALSE(LorePattern(key, false).ok()) << key;
    EXPECT_FALSE(Matches(key, "aaaa")) << key;
  }
}

TEST(LorePatternTest, TakesNoTimeWhereOthersHang) {
  EXPECT_FALSE(Matches("(a+)+$", std::string(100'000, 'a') + "!"));
}

}  // namespace
}  // namespace dramatis
