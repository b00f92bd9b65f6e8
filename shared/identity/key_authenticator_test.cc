#include "shared/identity/key_authenticator.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/identity/api_key.h"
#include "shared/status/errors.h"
#include "shared/time/clock.h"

namespace dramatis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class KeyAuthenticatorTest : public testing::Test {
 protected:
  using Done = std::function<void(absl::StatusOr<std::optional<FoundApiKey>>)>;

  // Why it is refused, the user, or "later".
  std::string Ask(const std::string& credential) {
    const auto sign_in = authenticator_.Authenticate({credential});
    return sign_in.has_value() ? Text(*sign_in) : "later";
  }
  static std::string Text(const SignIn& sign_in) {
    return sign_in.identity.ok() ? sign_in.identity->user_id : std::string(sign_in.refusal);
  }
  void AskLater(const std::string& credential) {
    authenticator_.AuthenticateLater(
        {credential}, [this](const SignIn& sign_in) { answers_.push_back(Text(sign_in)); });
  }
  void Answer(const absl::StatusOr<std::optional<FoundApiKey>>& found) {
    std::vector<Done> asked;
    asked.swap(asked_);
    for (const Done& done : asked)
      done(found);
  }

  const std::string key_ = NewApiKey("staging");
  FakeClock clock_;
  std::vector<std::string> hashes_;
  std::vector<Done> asked_;
  std::vector<std::string> answers_;
  KeyAuthenticator authenticator_{"staging",
                                  [this](const std::string& hash, Done done) {
                                    hashes_.push_back(hash);
                                    asked_.push_back(std::move(done));
                                  },
                                  LocalForm(), clock_};
};

TEST_F(KeyAuthenticatorTest, AKeyIsLookedUpOnceAndKnownForAWhile) {
  EXPECT_EQ(Ask("Bearer " + key_), "later");
  AskLater("Bearer " + key_);
  AskLater("bearer " + key_);
  EXPECT_THAT(hashes_, ElementsAre(HashOfApiKey(key_)));
  Answer(FoundApiKey{{"ada"}});
  EXPECT_THAT(answers_, ElementsAre("ada", "ada"));
  EXPECT_EQ(Ask("Bearer " + key_), "ada");
  clock_.Advance(KeyAuthenticator::kKnown - absl::Milliseconds(1));
  EXPECT_EQ(Ask("Bearer " + key_), "ada");
  clock_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Ask("Bearer " + key_), "later");
}

TEST_F(KeyAuthenticatorTest, ARevokedKeyIsRefusedWithin30Seconds) {
  AskLater("Bearer " + key_);
  // However long the answer takes: it may be of the moment it was asked for.
  clock_.Advance(absl::Seconds(4));
  Answer(FoundApiKey{{"ada"}});
  clock_.Advance(absl::Seconds(22));
  AskLater("Bearer " + key_);
  Answer(std::optional<FoundApiKey>());
  EXPECT_THAT(answers_, ElementsAre("ada", "unknown_key"));
  EXPECT_EQ(hashes_.size(), 2U);
}

TEST_F(KeyAuthenticatorTest, AKeyIsKnownNoLongerThanItLives) {
  AskLater("Bearer " + key_);
  Answer(FoundApiKey{{"ada"}, clock_.Now() + absl::Seconds(2)});
  EXPECT_EQ(Ask("Bearer " + key_), "ada");
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Ask("Bearer " + key_), "later");
}

TEST_F(KeyAuthenticatorTest, WhatCannotBeAKeyIsNotLookedUp) {
  std::string typo = key_;
  typo[20] = typo[20] == 'a' ? 'b' : 'a';
  EXPECT_EQ(Ask("Bearer " + typo), "form");
  EXPECT_EQ(Ask("Bearer dramatis_"), "form");
  EXPECT_EQ(Ask("Bearer " + NewApiKey("production")), "environment");
  EXPECT_THAT(hashes_, IsEmpty());
}

TEST_F(KeyAuthenticatorTest, OtherCredentialsAreTheOthers) {
  EXPECT_EQ(Ask("Bearer local:bob"), "bob");
  EXPECT_EQ(Ask("Basic " + key_), "malformed");
  EXPECT_EQ(Text(*authenticator_.Authenticate({"Bearer " + key_, "Bearer " + key_})), "malformed");
}

TEST_F(KeyAuthenticatorTest, WhereNobodyCanBeAskedNobodyIsToBlame) {
  AskLater("Bearer " + key_);
  Answer(UnavailableError("away"));
  EXPECT_THAT(answers_, ElementsAre("no_look_up"));
  EXPECT_EQ(Ask("Bearer " + key_), "later");
}

TEST_F(KeyAuthenticatorTest, MadeUpKeysDoNotPileUp) {
  for (size_t i = 0; i < KeyAuthenticator::kMostLookUps + 10; ++i)
    AskLater("Bearer " + NewApiKey("staging"));
  EXPECT_EQ(asked_.size(), KeyAuthenticator::kMostLookUps);
  EXPECT_EQ(answers_, std::vector<std::string>(10, "no_look_up"));
  Answer(std::optional<FoundApiKey>());
  EXPECT_EQ(answers_.size(), KeyAuthenticator::kMostLookUps + 10);
}

}  // namespace
}  // namespace dramatis
