#include "shared/objects/place.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::objects {
namespace {

using testing::HasSubstr;

TEST(PlaceTest, ReadsFolderAndBucket) {
  Settings folder({});
  EXPECT_EQ(ReadPlace(folder, "DRAMATIS_OBJECTS", "file:/data/objects").folder, "/data/objects");
  EXPECT_TRUE(folder.Check().ok());
  Settings bucket(Environment{{"DRAMATIS_OBJECTS", "s3://my-bucket/a/b"},
                              {"AWS_REGION", "eu-central-1"},
                              {"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/"}});
  const Place place = ReadPlace(bucket, "DRAMATIS_OBJECTS", "");
  EXPECT_TRUE(bucket.Check().ok()) << bucket.Check();
  EXPECT_EQ(place.bucket->bucket, "my-bucket");
  EXPECT_EQ(place.bucket->prefix, "a/b/");
  EXPECT_EQ(place.bucket->region, "eu-central-1");
  EXPECT_EQ(place.bucket->endpoint, "http://127.0.0.1:9000");
}

TEST(PlaceTest, SaysWhatIsWrong) {
  const auto problem = [](Environment environment) {
    Settings settings(std::move(environment));
    ReadPlace(settings, "DRAMATIS_OBJECTS", "");
    return std::string(settings.Check().message());
  };
  EXPECT_THAT(problem({{"DRAMATIS_OBJECTS", "/data"}}),
              HasSubstr("DRAMATIS_OBJECTS must be s3://"));
  EXPECT_THAT(problem({{"DRAMATIS_OBJECTS", "s3://B"}}), HasSubstr("must name a bucket"));
  EXPECT_THAT(problem({{"DRAMATIS_OBJECTS", "s3://bucket"}}), HasSubstr("AWS_REGION"));
  EXPECT_THAT(problem({{"DRAMATIS_OBJECTS", "s3://bucket"},
                       {"AWS_REGION", "eu-central-1"},
                       {"AWS_ENDPOINT_URL", "minio:9000"}}),
              HasSubstr("AWS_ENDPOINT_URL must be"));
}

}  // namespace
}  // namespace dramatis::objects
