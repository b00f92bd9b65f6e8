#include "shared/identity/api_key.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using ::testing::MatchesRegex;

TEST(ApiKeyTest, HasTheFormThatScannersKnow) {
  const std::string key = NewApiKey("production");
  EXPECT_THAT(key, MatchesRegex("dramatis_production_[0-9A-Za-z]{36}"));
  ASSERT_TRUE(ApiKey::Parse(key).has_value());
  EXPECT_EQ(ApiKey::Parse(key)->environment, "production");
}

TEST(ApiKeyTest, NoTwoAreTheSame) {
  std::set<std::string> keys;
  for (int i = 0; i < 1000; ++i)
    keys.insert(NewApiKey("local"));
  EXPECT_EQ(keys.size(), 1000);
}

// Of the form's author, so that keys made today are keys tomorrow.
TEST(ApiKeyTest, TheCheckSumIsTheOneOfThePublishedForm) {
  EXPECT_TRUE(ApiKey::Parse("dramatis_local_0123456789ABCDEFGHIJKLMNOPQRST4UuKwX").has_value());
}

TEST(ApiKeyTest, EveryChangedCharacterIsNoticed) {
  const std::string key = NewApiKey("local");
  for (size_t i = 0; i < key.size(); ++i) {
    for (const char c : {'a', 'Z', '0', '_', ' '}) {
      std::string wrong = key;
      if (wrong[i] == c) continue;
      wrong[i] = c;
      EXPECT_FALSE(ApiKey::Parse(wrong).has_value()) << wrong;
    }
    EXPECT_FALSE(ApiKey::Parse(key.substr(0, i)).has_value());
  }
  EXPECT_FALSE(ApiKey::Parse(key + "0").has_value());
  EXPECT_FALSE(ApiKey::Parse(" " + key).has_value());
}

TEST(ApiKeyTest, ShowsLittleOfItself) {
  const std::string key = NewApiKey("staging");
  EXPECT_EQ(ApiKeyPrefix(key), key.substr(0, 21));
  EXPECT_EQ(ApiKeyLastFour(key), key.substr(key.size() - 4));
  EXPECT_EQ(HashOfApiKey("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace dramatis
