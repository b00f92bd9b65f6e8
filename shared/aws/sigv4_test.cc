#include "shared/aws/sigv4.h"

#include <fstream>
#include <iterator>

#include <boost/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/digest/sha256.h"

namespace dramatis::aws {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::StartsWith;

std::string Text(const json::value& value, const char* member) {
  return std::string(value.at(member).as_string());
}

// The example of AWS' own documentation.
TEST(SigV4Test, WritesTheCanonicalFormThatAwsDocuments) {
  const SigV4Request request = {
      .method = "GET",
      .url = "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
      .headers = {"Content-Type: application/x-www-form-urlencoded; charset=utf-8",
                  "X-Amz-Date: 20150830T123600Z"},
      .body = ""};
  EXPECT_EQ(Sha256Hex(CanonicalRequest(request, {"iam", "us-east-1"}, Sha256Hex(""))),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
}

// 200 requests of all kinds of paths, queries, headers and bodies, signed by the AWS SDK.
TEST(SigV4Test, SignsAsTheAwsSdkDoes) {
  std::ifstream file(DRAMATIS_SOURCE_DIR "/shared/aws/vectors/sigv4.json");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const json::value document = json::parse(text);
  absl::Time now;
  std::string error;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, Text(document, "time"), &now, &error)) << error;
  int checked = 0;
  for (const json::value& one : document.at("cases").as_array()) {
    const std::string body = Text(one, "body");
    SigV4Request request = {
        .method = Text(one, "method"), .url = Text(one, "url"), .headers = {}, .body = body};
    for (const json::value& header : one.at("headers").as_array())
      request.headers.emplace_back(header.as_string());
    const std::vector<std::string> headers =
        SignSigV4(request, {Text(one, "service"), "eu-central-1"},
                  {.access_key_id = "AKIDEXAMPLE",
                   .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                   .session_token = Text(one, "token")},
                  now);
    EXPECT_THAT(headers, Contains("Authorization: " + Text(one, "authorization"))) << request.url;
    ++checked;
  }
  EXPECT_EQ(checked, 200);
}

TEST(SigV4Test, SendsTheTokenOfASessionAndNoneOfAUser) {
  const SigV4Request request = {.method = "GET", .url = "http://h:8080", .headers = {}, .body = ""};
  const SigV4Scope scope = {"sts", "us-east-1"};
  EXPECT_THAT(SignSigV4(request, scope, {"a", "b", "t"}, absl::UnixEpoch()),
              Contains("X-Amz-Security-Token: t"));
  EXPECT_THAT(SignSigV4(request, scope, {"a", "b", ""}, absl::UnixEpoch()),
              testing::Not(Contains(StartsWith("X-Amz-Security-Token"))));
  EXPECT_THAT(SignSigV4(request, scope, {"a", "b", ""}, absl::UnixEpoch()),
              Contains("X-Amz-Date: 19700101T000000Z"));
}

}  // namespace
}  // namespace dramatis::aws
