#include "services/memory/config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::memory {
namespace {

TEST(ConfigTest, AllowsTenThousandMemoriesUnlessToldOtherwise) {
  Settings settings(Environment{});

  EXPECT_EQ(Config::From(settings).quota, 10'000);
  EXPECT_TRUE(settings.Check().ok());
}

TEST(ConfigTest, ReadsTheQuota) {
  Settings settings(Environment{{"DRAMATIS_MEMORY_QUOTA", "3"}});

  EXPECT_EQ(Config::From(settings).quota, 3);
  EXPECT_TRUE(settings.Check().ok());
}

TEST(ConfigTest, TakesMemoriesAndSumsUpUnlessToldOtherwise) {
  Settings none(Environment{});
  Settings off(Environment{{"DRAMATIS_MEMORY_EXTRACTION", "false"},
                           {"DRAMATIS_MEMORY_SUMMARIES", "false"},
                           {"DRAMATIS_MEMORY_MODEL", "openai/small"}});

  const Config by_default = Config::From(none);
  const Config told = Config::From(off);

  EXPECT_TRUE(by_default.extraction && by_default.summaries);
  EXPECT_EQ(by_default.model, "");
  EXPECT_FALSE(told.extraction || told.summaries);
  EXPECT_EQ(told.model, "openai/small");
}

TEST(ConfigTest, RefusesAQuotaOfNothing) {
  Settings settings(Environment{{"DRAMATIS_MEMORY_QUOTA", "0"}});

  Config::From(settings);

  EXPECT_THAT(std::string(settings.Check().message()), testing::HasSubstr("DRAMATIS_MEMORY_QUOTA"));
}

}  // namespace
}  // namespace dramatis::memory
