#include "shared/aws/credentials.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::aws {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSts[] =
    "<R><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s/1</SecretAccessKey>"
    "<SessionToken>t&amp;1</SessionToken><Expiration>2026-11-26T20:00:00Z</Expiration>"
    "</Credentials></R>";
constexpr char kMetadata[] =
    R"({"Code":"Success","AccessKeyId":"ASIA2","SecretAccessKey":"s2","Token":"t2",)"
    R"("Expiration":"2026-11-26T20:00:00Z"})";

class CredentialsTest : public testing::Test {
 protected:
  absl::StatusOr<Credentials> FetchThem() {
    return FetchCredentials(settings_, [this](const SmallRequest& request) {
      requests_.push_back(request);
      if (answers_.empty()) return absl::StatusOr<std::string>(absl::UnavailableError("nobody"));
      const std::string answer = answers_.front();
      answers_.erase(answers_.begin());
      return absl::StatusOr<std::string>(answer);
    });
  }
  static std::string Written(const std::string& text) {
    const std::string path = testing::TempDir() + "/aws_token";
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  CredentialSettings settings_ = {.environment = {}, .region = "eu-central-1"};
  std::vector<std::string> answers_;
  std::vector<SmallRequest> requests_;
};

TEST_F(CredentialsTest, OfTheEnvironmentOnlyWhereTheyMayBeUsed) {
  settings_.environment = {{"AWS_ACCESS_KEY_ID", "AKIA"},
                           {"AWS_SECRET_ACCESS_KEY", "s"},
                           {"AWS_EC2_METADATA_DISABLED", "true"}};
  EXPECT_EQ(FetchThem().status().code(), absl::StatusCode::kFailedPrecondition);
  settings_.keys_from_environment = true;
  EXPECT_EQ(FetchThem()->access_key_id, "AKIA");
  EXPECT_EQ(FetchThem()->expires, absl::InfiniteFuture());
  EXPECT_TRUE(requests_.empty());
}

TEST_F(CredentialsTest, OfAWebIdentityWhoseTokenIsReadEachTime) {
  settings_.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", Written("jwt.one\n")},
                           {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}};
  answers_ = {kSts, kSts};
  const absl::StatusOr<Credentials> credentials = FetchThem();
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  EXPECT_EQ(credentials->access_key_id, "ASIA1");
  EXPECT_EQ(credentials->secret_access_key, "s/1");
  EXPECT_EQ(credentials->session_token, "t&1");
  EXPECT_EQ(absl::FormatTime(credentials->expires, absl::UTCTimeZone()),
            "2026-11-26T20:00:00+00:00");
  EXPECT_EQ(requests_[0].url, "https://sts.eu-central-1.amazonaws.com/");
  EXPECT_EQ(requests_[0].body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3A"
            "role%2Fr&RoleSessionName=dramatis&WebIdentityToken=jwt.one");
  Written("jwt.two");
  ASSERT_TRUE(FetchThem().ok());
  EXPECT_THAT(requests_[1].body, HasSubstr("WebIdentityToken=jwt.two"));
}

TEST_F(CredentialsTest, OfAContainerWithItsToken) {
  settings_.environment = {
      {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
      {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", Written("pod-token")}};
  answers_ = {kMetadata};
  EXPECT_EQ(FetchThem()->session_token, "t2");
  EXPECT_THAT(requests_[0].headers, ElementsAre("Authorization: pod-token"));
  settings_.environment = {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/role"}};
  answers_ = {kMetadata};
  ASSERT_TRUE(FetchThem().ok());
  EXPECT_EQ(requests_[1].url, "http://169.254.170.2/role");
}

TEST_F(CredentialsTest, OfTheMachineByItsToken) {
  answers_ = {"imds-token", "role-name\n", kMetadata};
  ASSERT_TRUE(FetchThem().ok());
  EXPECT_EQ(requests_[0].method, "PUT");
  EXPECT_EQ(requests_[0].url, "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(requests_[2].url,
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/role-name");
  EXPECT_THAT(requests_[2].headers, ElementsAre("X-aws-ec2-metadata-token: imds-token"));
  answers_ = {"imds-token", ""};
  EXPECT_THAT(FetchThem().status().message(), HasSubstr("no IAM role"));
}

TEST_F(CredentialsTest, WhatIsSetUpAndFailsIsAnErrorAndNobodyElseIsAsked) {
  settings_.environment = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere"},
                           {"AWS_ROLE_ARN", "arn"},
                           {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/role"}};
  EXPECT_THAT(FetchThem().status().message(), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"));
  EXPECT_TRUE(requests_.empty());
}

TEST(ContainerUrlTest, IsHttpsOrOfThisMachine) {
  for (const char* const url : {"https://x.example.org/a", "http://127.0.0.1:80/a",
                                "http://localhost/a", "http://169.254.170.23", "http://[::1]:9/"}) {
    EXPECT_TRUE(IsContainerUrl(url)) << url;
  }
  for (const char* const url :
       {"http://10.0.0.1/", "http://127.0.0.1.evil.org/", "ftp://localhost/",
        "http://localhost:80@evil.org/", "", "http://localhost:x/"}) {
    EXPECT_FALSE(IsContainerUrl(url)) << url;
  }
}

TEST(CredentialAnswersTest, AreRefusedWhereTheyAreNone) {
  for (const char* const text :
       {"", "{}", "[]", R"({"Code":"Failed","AccessKeyId":"a","SecretAccessKey":"b"})",
        R"({"AccessKeyId":"a b","SecretAccessKey":"b"})",
        R"({"AccessKeyId":"a","SecretAccessKey":"b","Expiration":"soon"})",
        R"({"AccessKeyId":"a","SecretAccessKey":"b","Token":"x\ny"})"}) {
    EXPECT_FALSE(ParseMetadataAnswer(text).ok()) << text;
  }
  EXPECT_FALSE(ParseStsAnswer("<Credentials><AccessKeyId>a</AccessKeyId></Credentials>").ok());
  EXPECT_FALSE(ParseStsAnswer("<ErrorResponse/>").ok());
}

}  // namespace
}  // namespace dramatis::aws
