#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/secrets/aws_secrets.h"
#include "shared/secrets/secret.h"
#include "shared/secrets/secret_store.h"

namespace dramatis::secrets {
namespace {

using testing::HasSubstr;
using testing::Not;

class SecretTest : public testing::Test {
 protected:
  void Await(Secret& secret) {
    absl::Notification done;
    ASSERT_TRUE(secret.Refetch([&] { done.Notify(); }));
    done.WaitForNotification();
  }
  // Waits for what was begun, and its end: the executor has one thread.
  void AwaitFetched(int times) {
    while (fetched_ < times)
      std::this_thread::yield();
    absl::Notification over;
    ASSERT_TRUE(executor_.Post([&] { over.Notify(); }));
    over.WaitForNotification();
  }

  FakeClock clock_;
  std::atomic<int> fetched_ = 0;
  std::atomic<bool> broken_ = false;
  Executor executor_{1, 10};
  Secret secret_{"v0",
                 [this]() -> absl::StatusOr<std::string> {
                   const int number = ++fetched_;
                   if (broken_) return absl::UnavailableError("down");
                   return absl::StrCat("v", number);
                 },
                 clock_, executor_};
};

TEST_F(SecretTest, OneThatStaysAsItIs) {
  Secret fixed("sk");
  bool called = false;
  EXPECT_TRUE(fixed.Refetch([&] { called = true; }));
  EXPECT_TRUE(called);
  EXPECT_EQ(fixed.Get(), "sk");
}

TEST_F(SecretTest, IsReadAnewInTheBackgroundFrom240SecondsOn) {
  clock_.Advance(absl::Seconds(239));
  EXPECT_EQ(secret_.Get(), "v0");
  EXPECT_EQ(fetched_, 0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(secret_.Get(), testing::AnyOf("v0", "v1"));
  AwaitFetched(1);
  EXPECT_EQ(secret_.Get(), "v1");
  EXPECT_EQ(fetched_, 1);
}

TEST_F(SecretTest, IsReadAnewWhileNobodyAsks) {
  clock_.Advance(absl::Seconds(240));
  secret_.RefreshIfDue();
  AwaitFetched(1);
}

TEST_F(SecretTest, TheLastGoodOneIsUsedForAnHour) {
  broken_ = true;
  clock_.Advance(absl::Seconds(300) + absl::Minutes(59));
  EXPECT_EQ(secret_.Get(), "v0");
  AwaitFetched(1);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(secret_.Get(), "");
  broken_ = false;
  Await(secret_);
  EXPECT_THAT(secret_.Get(), HasSubstr("v"));
}

TEST_F(SecretTest, WhoRefetchesAtOnceSharesOneRead) {
  std::atomic<int> done = 0;
  absl::Notification gate;
  Secret slow(
      "v0",
      [&]() -> absl::StatusOr<std::string> {
        gate.WaitForNotification();
        ++fetched_;
        return "v1";
      },
      clock_, executor_);
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(slow.Refetch([&] { ++done; }));
  gate.Notify();
  while (done < 20)
    std::this_thread::yield();
  EXPECT_EQ(fetched_, 1);
  executor_.Stop();
  EXPECT_FALSE(slow.Refetch([&] { ++done; }));
  EXPECT_EQ(slow.Get(), "v1");
}

class SecretStoreTest : public testing::Test {
 protected:
  ~SecretStoreTest() override { std::remove(path_.c_str()); }
  void Write(const std::string& content) const { std::ofstream(path_) << content; }

  FakeClock clock_;
  WebRequest asked_;
  std::string body_;
  WebAnswer answer_{.status = 200, .body = R"({"SecretString":"sk-1"})"};
  SecretStore store_{
      {.region = "eu-central-1",
       .aws = {.environment = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "s"}},
               .keys_from_environment = true}},
      clock_,
      [this](const WebRequest& request) -> absl::StatusOr<WebAnswer> {
        asked_ = request;
        body_ = std::string(request.body);
        return answer_;
      }};
  const std::string path_ = testing::TempDir() + "/dramatis_secret";
};

TEST_F(SecretStoreTest, ReadsAFileWithoutItsLineEnd) {
  Write("sk-2\r\n");
  EXPECT_EQ(*store_.Read("file:" + path_), "sk-2");
  for (const char* bad : {"", "\n", "two\nlines", "a b", "é"}) {
    Write(bad);
    const absl::Status refused = store_.Read("file:" + path_).status();
    EXPECT_TRUE(absl::IsUnavailable(refused)) << bad;
    EXPECT_THAT(refused.message(), HasSubstr(path_));
  }
  std::remove(path_.c_str());
  EXPECT_THAT(store_.Read("file:" + path_).status().message(), HasSubstr("No such file"));
  EXPECT_TRUE(absl::IsInvalidArgument(store_.Read("sk-in-the-clear").status()));
}

TEST_F(SecretStoreTest, AsksSecretsManagerWithASignature) {
  EXPECT_EQ(*store_.Read("aws-secretsmanager:prod/openai"), "sk-1");
  EXPECT_EQ(asked_.url, "https://secretsmanager.eu-central-1.amazonaws.com/");
  EXPECT_EQ(body_, R"({"SecretId":"prod/openai"})");
  EXPECT_THAT(asked_.headers, testing::Contains("X-Amz-Target: secretsmanager.GetSecretValue"));
  EXPECT_THAT(asked_.headers, testing::Contains(HasSubstr("eu-central-1/secretsmanager/")));
  ASSERT_TRUE(store_.Read("aws-secretsmanager:arn:aws:secretsmanager:us-west-2:1:secret:a-B").ok());
  EXPECT_EQ(asked_.url, "https://secretsmanager.us-west-2.amazonaws.com/");
}

TEST_F(SecretStoreTest, ReadsAMember) {
  answer_.body = R"({"SecretString":"{\"key\":\"sk-3\",\"n\":1}"})";
  EXPECT_EQ(*store_.Read("aws-secretsmanager:a#key"), "sk-3");
  EXPECT_FALSE(store_.Read("aws-secretsmanager:a#n").ok());
  EXPECT_FALSE(store_.Read("aws-secretsmanager:a#none").ok());
}

TEST_F(SecretStoreTest, SaysWhyItCannotRead) {
  answer_ = {.status = 400,
             .body = R"({"__type":"ResourceNotFoundException","Message":"sk-secret"})"};
  const absl::Status refused = store_.Read("aws-secretsmanager:prod/none").status();
  EXPECT_THAT(refused.message(),
              HasSubstr("the secret prod/none of Secrets Manager cannot be read: the answer is 400 "
                        "ResourceNotFoundException"));
  EXPECT_THAT(refused.message(), Not(HasSubstr("sk-secret")));
  for (const char* bad : {"aws-secretsmanager:", "aws-secretsmanager:a b", "aws-secretsmanager:a#"})
    EXPECT_TRUE(absl::IsInvalidArgument(store_.Read(bad).status())) << bad;
}

TEST_F(SecretStoreTest, FollowsARotation) {
  Write("new");
  const std::unique_ptr<Secret> secret = store_.Follow("file:" + path_, "old");
  EXPECT_EQ(secret->Get(), "old");
  absl::Notification done;
  ASSERT_TRUE(secret->Refetch([&] { done.Notify(); }));
  done.WaitForNotification();
  EXPECT_EQ(secret->Get(), "new");
}

TEST(AwsSecretAnswerTest, ReadsTextAndBytes) {
  EXPECT_EQ(*ParseAwsSecretAnswer(R"({"SecretBinary":"c2stMQ=="})", ""), "sk-1");
  for (const char* bad : {"", "[]", "{}", R"({"SecretString":1})", R"({"SecretBinary":"?"})"})
    EXPECT_FALSE(ParseAwsSecretAnswer(bad, "").ok()) << bad;
  EXPECT_EQ(AwsSecretRefusal(R"({"__type":"a.b#AccessDeniedException"})"), "AccessDeniedException");
  EXPECT_EQ(AwsSecretRefusal(R"({"__type":"<script>"})"), "");
}

}  // namespace
}  // namespace dramatis::secrets
