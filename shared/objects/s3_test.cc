#include "shared/objects/s3.h"

#include <map>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/time/clock.h"

namespace dramatis::objects {
namespace {

using testing::HasSubstr;

// Answers in order; keeps what it was asked.
class S3ObjectsTest : public testing::Test {
 protected:
  struct Asked {
    std::string method;
    std::string url;
    std::string body;
  };

  absl::StatusOr<WebAnswer> Answer(const WebRequest& request) {
    asked_.push_back({request.method, request.url, std::string(request.body)});
    if (answers_.empty()) return WebAnswer{.status = 200};
    absl::StatusOr<WebAnswer> answer = answers_.front();
    answers_.erase(answers_.begin());
    return answer;
  }

  FakeClock clock_;
  int fetched_ = 0;
  std::vector<Asked> asked_;
  std::vector<absl::Duration> waits_;
  std::vector<absl::StatusOr<WebAnswer>> answers_;
  aws::CredentialCache credentials_{[this]() -> absl::StatusOr<aws::Credentials> {
                                      ++fetched_;
                                      return aws::Credentials{"AKID", "secret", "",
                                                              clock_.Now() + absl::Hours(1)};
                                    },
                                    clock_};
  aws::ServiceClient client_{{.service = "s3", .region = "eu-central-1"},
                             credentials_,
                             [this](const WebRequest& request) { return Answer(request); },
                             clock_,
                             [this](absl::Duration wait) { waits_.push_back(wait); }};
  S3Objects objects_{{.bucket = "bucket", .prefix = "p/", .region = "eu-central-1"}, client_};
};

TEST_F(S3ObjectsTest, AsksAmazonByTheBucketsOwnName) {
  ASSERT_TRUE(PutWhole(objects_, "a b/ä", "x").ok());
  EXPECT_EQ(asked_[0].url, "https://bucket.s3.eu-central-1.amazonaws.com/p/a%20b/%C3%A4");
  S3Objects dotted({.bucket = "my.bucket", .region = "cn-north-1"}, client_);
  ASSERT_TRUE(PutWhole(dotted, "a", "x").ok());
  EXPECT_EQ(asked_[1].url, "https://s3.cn-north-1.amazonaws.com.cn/my.bucket/a");
  S3Objects other({.bucket = "b1b", .endpoint = "http://127.0.0.1:9000"}, client_);
  ASSERT_TRUE(PutWhole(other, "a", "x").ok());
  EXPECT_EQ(asked_[2].url, "http://127.0.0.1:9000/b1b/a");
}

TEST_F(S3ObjectsTest, TriesAgainWhatMayPass) {
  answers_ = {absl::UnavailableError("no connection"), WebAnswer{.status = 503},
              WebAnswer{.status = 200}};
  EXPECT_TRUE(PutWhole(objects_, "k", "x").ok());
  EXPECT_EQ(asked_.size(), 3u);
  EXPECT_EQ(waits_.size(), 2u);
  answers_ = {WebAnswer{.status = 500}, WebAnswer{.status = 500}, WebAnswer{.status = 500}};
  EXPECT_TRUE(absl::IsUnavailable(PutWhole(objects_, "k", "x")));
}

TEST_F(S3ObjectsTest, RefusedCredentialsAreFetchedOnceMore) {
  answers_ = {WebAnswer{.status = 403}, WebAnswer{.status = 200}};
  EXPECT_TRUE(PutWhole(objects_, "k", "x").ok());
  EXPECT_EQ(fetched_, 2);
  answers_ = {WebAnswer{.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"},
              WebAnswer{.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"}};
  const absl::Status refused = PutWhole(objects_, "k", "x");
  EXPECT_TRUE(absl::IsPermissionDenied(refused));
  EXPECT_THAT(refused.message(), HasSubstr("the bucket bucket answers 403 AccessDenied"));
}

TEST_F(S3ObjectsTest, AMissingBucketIsNoMissingObject) {
  answers_ = {WebAnswer{.status = 404, .body = "<Error><Code>NoSuchBucket</Code></Error>"}};
  EXPECT_TRUE(absl::IsUnavailable(GetWhole(objects_, "k", 10).status()));
  answers_ = {WebAnswer{.status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>"}};
  EXPECT_TRUE(absl::IsNotFound(GetWhole(objects_, "k", 10).status()));
}

TEST_F(S3ObjectsTest, WhatBreaksOffIsDropped) {
  answers_ = {WebAnswer{.status = 200, .body = "<UploadId>u/1</UploadId>"},
              WebAnswer{.status = 200, .headers = {{"etag", "\"e1\""}}}, WebAnswer{.status = 204}};
  int pieces = 0;
  const absl::Status put = objects_.Put("k", [&]() -> absl::StatusOr<std::string> {
    if (++pieces == 3) return absl::AbortedError("cut off");
    return std::string(size_t{9} << 20, 'x');
  });
  EXPECT_TRUE(absl::IsAborted(put)) << put;
  EXPECT_EQ(asked_.back().method, "DELETE");
  EXPECT_THAT(asked_.back().url, HasSubstr("k?uploadId=u%2F1"));
}

TEST_F(S3ObjectsTest, PartsThatAreNotPutTogetherAreAnError) {
  answers_ = {WebAnswer{.status = 200, .body = "<UploadId>u</UploadId>"},
              WebAnswer{.status = 200, .headers = {{"etag", "\"e1\""}}},
              WebAnswer{.status = 200, .headers = {{"etag", "\"e2\""}}},
              WebAnswer{.status = 200, .body = "<Error><Code>InternalError</Code></Error>"}};
  EXPECT_TRUE(absl::IsUnavailable(PutWhole(objects_, "k", std::string(size_t{9} << 20, 'x'))));
  EXPECT_THAT(asked_[3].body,
              HasSubstr("<Part><PartNumber>2</PartNumber><ETag>\"e2\"</ETag></Part>"));
}

TEST(ParseListingTest, RefusesWhatItCannotRead) {
  EXPECT_FALSE(ParseListing("<html>").ok());
  EXPECT_FALSE(ParseListing("<ListBucketResult><Contents><Key>a</Key>").ok());
  EXPECT_FALSE(
      ParseListing("<ListBucketResult><Contents><Key>a</Key><Size>x</Size></Contents>").ok());
  EXPECT_TRUE(ParseListing("<ListBucketResult></ListBucketResult>")->empty());
}

TEST(BucketNameTest, IsChecked) {
  EXPECT_TRUE(IsBucketName("my-bucket.2"));
  for (const char* name : {"ab", "-abc", "Abc", "a_b", "a/b", ""})
    EXPECT_FALSE(IsBucketName(name)) << name;
}

}  // namespace
}  // namespace dramatis::objects
