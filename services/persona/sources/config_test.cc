#include "services/persona/sources/config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::persona {
namespace {

using testing::HasSubstr;

TEST(ConfigTest, HasDefaults) {
  Settings settings({});
  CommonConfig common;
  common.data_dir = "/data";

  const Config config = Config::From(settings, common);

  EXPECT_TRUE(settings.Check().ok());
  EXPECT_EQ(config.persona_dir, "/data/personas");
  EXPECT_EQ(config.default_persona, "");
  EXPECT_FALSE(config.restrict_ai_personas);
  EXPECT_EQ(config.max_biography_bytes, 800'000);
  EXPECT_FALSE(config.max_biography_bytes_set);
}

TEST(ConfigTest, ReadsItsSettings) {
  Settings settings({{"DRAMATIS_DEFAULT_PERSONA", "file:twin.txt"},
                     {"DRAMATIS_RESTRICT_AI_PERSONAS", "true"},
                     {"DRAMATIS_PERSONA_MAX_BYTES", "2000"}});

  const Config config = Config::From(settings, {});

  EXPECT_TRUE(settings.Check().ok());
  EXPECT_EQ(config.default_persona, "file:twin.txt");
  EXPECT_TRUE(config.restrict_ai_personas);
  EXPECT_EQ(config.max_biography_bytes, 2000);
  EXPECT_TRUE(config.max_biography_bytes_set);
}

TEST(ConfigTest, ReportsEveryProblem) {
  Settings settings({{"DRAMATIS_DEFAULT_PERSONA", "file:../me.txt"},
                     {"DRAMATIS_RESTRICT_AI_PERSONAS", "maybe"},
                     {"DRAMATIS_PERSONA_MAX_BYTES", "12"}});

  Config::From(settings, {});

  const std::string message(settings.Check().message());
  EXPECT_THAT(message, HasSubstr("DRAMATIS_DEFAULT_PERSONA"));
  EXPECT_THAT(message, HasSubstr("DRAMATIS_RESTRICT_AI_PERSONAS"));
  EXPECT_THAT(message, HasSubstr("DRAMATIS_PERSONA_MAX_BYTES"));
}

TEST(ConfigTest, RefusesADefaultPersonaThatIsNeitherSourceNorId) {
  for (const char* value :
       {"me.txt", "s3:bucket/me.txt", "s3://bucket", "https://x.example/me.txt"}) {
    Settings settings(Environment{{"DRAMATIS_DEFAULT_PERSONA", value}});
    Config::From(settings, {});
    EXPECT_FALSE(settings.Check().ok()) << value;
  }
}

TEST(ConfigTest, TakesSourcesFromTheBucketsThatSettingsName) {
  Settings settings({{"DRAMATIS_DEFAULT_PERSONA", "s3://twins/ada/me.txt"},
                     {"DRAMATIS_OBJECTS", "s3://everything/dramatis"},
                     {"AWS_REGION", "eu-central-1"}});

  const Config config = Config::From(settings, {});

  EXPECT_TRUE(settings.Check().ok()) << settings.Check();
  ASSERT_EQ(config.buckets.size(), 2u);
  EXPECT_EQ(config.buckets.at("everything").bucket->prefix, "");
}

}  // namespace
}  // namespace dramatis::persona
