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
  EXPECT_FALSE(config.pictures.has_value()) << "they stay in the database";
}

TEST(ConfigTest, PicturesAreWhereObjectsAreSaidToBe) {
  Settings folder(Environment{{"DRAMATIS_OBJECTS", "file:/srv/objects"}});
  const Config in_folder = Config::From(folder, {});
  ASSERT_TRUE(folder.Check().ok() && in_folder.pictures.has_value());
  EXPECT_EQ(in_folder.pictures->folder, "/srv/objects");

  Settings bucket({{"DRAMATIS_OBJECTS", "s3://twins/prod"},
                   {"AWS_REGION", "eu-central-1"},
                   {"AWS_ACCESS_KEY_ID", "id"},
                   {"AWS_SECRET_ACCESS_KEY", "secret"}});
  const Config in_bucket = Config::From(bucket, {});
  ASSERT_TRUE(in_bucket.pictures.has_value() && in_bucket.pictures->bucket.has_value());
  EXPECT_EQ(in_bucket.pictures->bucket->prefix, "prod/");
  EXPECT_EQ(in_bucket.buckets.at("twins").bucket->prefix, "") << "of sources";
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
