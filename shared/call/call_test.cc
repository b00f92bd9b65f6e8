#include "shared/call/call.h"

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

TEST(ParseAuthorizationTest, TakesNoCredentialsAsTheLocalAdmin) {
  const auto identity = ParseAuthorization("");

  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->user_id, "local");
  EXPECT_TRUE(identity->IsAdmin());
}

TEST(ParseAuthorizationTest, ReadsTheLocalForm) {
  const auto user = ParseAuthorization("Bearer local:ann.b_c@d-1");
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->user_id, "ann.b_c@d-1");
  EXPECT_EQ(user->role, AccessRole::kUser);
  EXPECT_EQ(ParseAuthorization("Bearer local:ann:admin")->role, AccessRole::kAdmin);
  EXPECT_EQ(ParseAuthorization("Bearer local:ann:service")->role, AccessRole::kService);
  EXPECT_EQ(ParseAuthorization("bearer local:ann")->user_id, "ann");
}

TEST(ParseAuthorizationTest, RefusesEverythingElse) {
  for (const char* text :
       {"Bearer", "Bearer ", "Bearer local:", "Bearer local::admin", "Bearer local:ann:root",
        "Bearer local:ann:", "Bearer local:ann:admin:", "Bearer local:a b", "Basic YTpi",
        "Bearer local:\xc3\xa4", "Bearer eyJhbGciOi", "Bearer Local:ann", " "}) {
    const absl::Status status = ParseAuthorization(text).status();
    EXPECT_EQ(GetReason(status), "UNAUTHENTICATED") << text;
  }
  EXPECT_TRUE(ParseAuthorization("Bearer local:" + std::string(128, 'a')).ok());
  EXPECT_FALSE(ParseAuthorization("Bearer local:" + std::string(129, 'a')).ok());
}

TEST(FormatAuthorizationTest, IsReadBack) {
  for (const AccessRole role : {AccessRole::kUser, AccessRole::kAdmin, AccessRole::kService}) {
    const auto identity = ParseAuthorization(FormatAuthorization({"ann", role}));
    ASSERT_TRUE(identity.ok());
    EXPECT_EQ(identity->user_id, "ann");
    EXPECT_EQ(identity->role, role);
  }
}

TEST(IdentityTest, ManagesItsOwnAndAsAdminEverything) {
  EXPECT_TRUE((Identity{"ann", AccessRole::kUser}.MayManage("ann")));
  EXPECT_FALSE((Identity{"ann", AccessRole::kUser}.MayManage("bob")));
  EXPECT_TRUE((Identity{"ann", AccessRole::kAdmin}.MayManage("bob")));
  EXPECT_FALSE((Identity{"ann", AccessRole::kService}.MayManage("bob")));
}

TEST(CallContextTest, PassesOnWhatNamesTheCallButNotWhatBelongsToIt) {
  CallContext call;
  call.identity = {"ann", AccessRole::kAdmin};
  call.correlation_id = "c";
  call.traceparent = "t";
  call.idempotency_key = "k";
  call.if_match = "e";
  call.deadline = absl::UnixEpoch();
  call.send_header = [](const std::string&, const std::string&) {};

  const CallContext service = call.AsService("bob");

  EXPECT_EQ(service.identity.user_id, "bob");
  EXPECT_EQ(service.identity.role, AccessRole::kService);
  EXPECT_EQ(service.correlation_id, "c");
  EXPECT_EQ(service.traceparent, "t");
  EXPECT_EQ(service.deadline, absl::UnixEpoch());
  EXPECT_EQ(service.idempotency_key, "");
  EXPECT_EQ(service.if_match, "");
  EXPECT_FALSE(service.send_header);
}

TEST(IsCorrelationIdTest, TakesOnlyItsAlphabet) {
  EXPECT_TRUE(IsCorrelationId("aZ0._-"));
  EXPECT_TRUE(IsCorrelationId(std::string(128, 'a')));
  EXPECT_FALSE(IsCorrelationId(std::string(129, 'a')));
  EXPECT_FALSE(IsCorrelationId(""));
  EXPECT_FALSE(IsCorrelationId("a b"));
  EXPECT_FALSE(IsCorrelationId("a\n"));
  EXPECT_FALSE(IsCorrelationId("a@b"));
}

TEST(ParseAuthorizationsTest, TakesOneThatNamesSomebody) {
  EXPECT_EQ(ParseAuthorizations({})->user_id, "local");
  EXPECT_EQ(ParseAuthorizations({"Bearer local:alice"})->user_id, "alice");
  for (const std::vector<std::string>& several :
       {std::vector<std::string>{""}, {"Bearer local:alice", "Bearer local:alice"}, {"", ""}}) {
    EXPECT_TRUE(absl::IsUnauthenticated(ParseAuthorizations(several).status()));
  }
}

}  // namespace
}  // namespace dramatis
