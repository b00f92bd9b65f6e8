#include "services/memory/keys/keys.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/memory/testing/key_fakes.h"
#include "shared/identity/api_key.h"
#include "shared/status/errors.h"
#include "shared/time/timestamps.h"

namespace dramatis::memory {
namespace {

using ::testing::StartsWith;

class KeysTest : public testing::Test {
 protected:
  KeysTest() { call_.identity = {.user_id = "ada"}; }

  absl::StatusOr<v1::Key> Make(const std::vector<v1::KeyScope>& scopes, v1::Key key = {}) {
    v1::CreateKeyRequest request;
    key.set_name("mine");
    for (const v1::KeyScope scope : scopes)
      key.add_scopes(scope);
    *request.mutable_key() = key;
    return keys_.Create(call_, request);
  }
  v1::LookUpKeyResponse LookUp(const std::string& secret) {
    v1::LookUpKeyRequest request;
    request.set_secret_hash(HashOfApiKey(secret));
    return keys_.LookUp(request).value();
  }
  // As if the call had come with this key.
  void ComeWith(const v1::Key& key) {
    call_.identity.key = std::make_shared<CallerKey>(CallerKey{key.key_id()});
  }
  absl::StatusOr<v1::Key> Rotate(const v1::Key& key, int grace_seconds) {
    v1::RotateKeyRequest request;
    request.set_key_id(key.key_id());
    request.set_grace_seconds(grace_seconds);
    return keys_.Rotate(call_, request);
  }

  CallContext call_;
  FakeKeyStore store_;
  FakeClock clock_;
  CountingIdSource ids_;
  Keys keys_{store_, clock_, ids_, "staging"};
};

TEST_F(KeysTest, ASecretIsShownOnceAndFoundByItsHash) {
  const v1::Key key = Make({v1::KEY_SCOPE_CHAT}).value();
  EXPECT_THAT(key.secret(), StartsWith("dramatis_staging_"));
  EXPECT_TRUE(ApiKey::Parse(key.secret()).has_value());
  EXPECT_EQ(LookUp(key.secret()).user_id(), "ada");
  EXPECT_EQ(LookUp(key.secret()).key().key_id(), key.key_id());
  EXPECT_EQ(LookUp(key.secret()).key().name(), "");
  EXPECT_FALSE(LookUp(key.secret() + "x").has_user_id());
  v1::GetKeyRequest request;
  request.set_key_id(key.key_id());
  EXPECT_EQ(keys_.Get(call_, request)->secret(), "");
  call_.identity.user_id = "bob";
  EXPECT_TRUE(absl::IsNotFound(keys_.Get(call_, request).status()));
}

TEST_F(KeysTest, NobodyGivesWhatTheyDoNotHave) {
  EXPECT_EQ(GetFact(Make({v1::KEY_SCOPE_ADMIN}).status(), "scope"), "admin");
  call_.identity.scopes = *Scopes::Named("chat");
  EXPECT_EQ(GetFact(Make({v1::KEY_SCOPE_CHAT, v1::KEY_SCOPE_MEMORY}).status(), "scope"), "memory");
  EXPECT_TRUE(Make({v1::KEY_SCOPE_CHAT}).ok());
  call_.identity = {.user_id = "root", .role = AccessRole::kAdmin};
  EXPECT_TRUE(Make({v1::KEY_SCOPE_ADMIN}).ok());
}

TEST_F(KeysTest, AKeyWithLimitsMakesNoneWithout) {
  v1::Key limits;
  limits.add_persona_ids("p1");
  const v1::Key limited = Make({v1::KEY_SCOPE_CHAT}, limits).value();
  const v1::Key free = Make({v1::KEY_SCOPE_CHAT}).value();
  ComeWith(limited);
  EXPECT_EQ(GetReason(Make({v1::KEY_SCOPE_CHAT}).status()), "PERMISSION_DENIED");
  EXPECT_EQ(GetReason(Rotate(free, 0).status()), "PERMISSION_DENIED");
  v1::UpdateKeyRequest update;
  update.set_key_id(limited.key_id());
  update.mutable_key()->set_name("other");
  EXPECT_EQ(GetReason(keys_.Update(call_, update).status()), "PERMISSION_DENIED");
  ComeWith(free);
  EXPECT_TRUE(Make({v1::KEY_SCOPE_CHAT}).ok());
}

TEST_F(KeysTest, AKeyThatEndsMakesNoneThatEndsLater) {
  v1::Key ends;
  *ends.mutable_expires_at() = ToTimestamp(clock_.Now() + absl::Hours(1));
  ComeWith(Make({v1::KEY_SCOPE_CHAT}, ends).value());
  EXPECT_TRUE(Make({v1::KEY_SCOPE_CHAT}, ends).ok());
  EXPECT_EQ(GetReason(Make({v1::KEY_SCOPE_CHAT}).status()), "PERMISSION_DENIED");
  *ends.mutable_expires_at() = ToTimestamp(clock_.Now() + absl::Hours(2));
  EXPECT_EQ(GetReason(Make({v1::KEY_SCOPE_CHAT}, ends).status()), "PERMISSION_DENIED");
}

TEST_F(KeysTest, AnExpiredKeyIsNobodys) {
  v1::Key short_lived;
  *short_lived.mutable_expires_at() = ToTimestamp(clock_.Now() + absl::Seconds(5));
  const v1::Key key = Make({v1::KEY_SCOPE_CHAT}, short_lived).value();
  clock_.Advance(absl::Seconds(4));
  EXPECT_TRUE(LookUp(key.secret()).has_user_id());
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(LookUp(key.secret()).has_user_id());
  EXPECT_EQ(GetReason(Make({v1::KEY_SCOPE_CHAT}, short_lived).status()), "VALIDATION_FAILED");
}

TEST_F(KeysTest, AReplacedSecretDiesAfterItsGrace) {
  const v1::Key key = Make({v1::KEY_SCOPE_CHAT}).value();
  const v1::Key next = Rotate(key, 60).value();
  EXPECT_EQ(next.key_id(), key.key_id());
  EXPECT_NE(next.etag(), key.etag());
  EXPECT_TRUE(LookUp(key.secret()).has_user_id());
  EXPECT_TRUE(LookUp(next.secret()).has_user_id());
  clock_.Advance(absl::Seconds(60));
  EXPECT_FALSE(LookUp(key.secret()).has_user_id());
  EXPECT_TRUE(LookUp(next.secret()).has_user_id());
}

TEST_F(KeysTest, UsesAreNotedOnceAMinute) {
  const v1::Key key = Make({v1::KEY_SCOPE_CHAT}).value();
  for (int i = 0; i < 6; ++i) {
    LookUp(key.secret());
    clock_.Advance(absl::Seconds(25));
  }
  EXPECT_EQ(store_.noted_uses, 2);
}

TEST_F(KeysTest, ARevokedKeyIsNobodys) {
  const v1::Key key = Make({v1::KEY_SCOPE_CHAT}).value();
  v1::DeleteKeyRequest request;
  request.set_key_id(key.key_id());
  call_.identity.user_id = "bob";
  EXPECT_TRUE(absl::IsNotFound(keys_.Delete(call_, request)));
  call_.identity.user_id = "ada";
  EXPECT_TRUE(keys_.Delete(call_, request).ok());
  EXPECT_FALSE(LookUp(key.secret()).has_user_id());
}

}  // namespace
}  // namespace dramatis::memory
