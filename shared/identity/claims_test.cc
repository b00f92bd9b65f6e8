#include "shared/identity/claims.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr int64_t kNow = 1'800'000'000;

ClaimsRules Rules() {
  return {.issuer = "https://id.example.org", .audiences = {"dramatis", "other"}};
}

Claims Read(const std::string& payload, const ClaimsRules& rules = Rules()) {
  Jws jws;
  jws.payload = payload;
  return ReadClaims(jws, rules, absl::FromUnixSeconds(kNow));
}

// The usual claims, with `more` at the end.
std::string Usual(const std::string& more = "") {
  return absl::StrCat(
      R"({"iss":"https://id.example.org","aud":"dramatis","sub":"ada","exp":1800000300)", more,
      "}");
}

std::string_view Refusal(const std::string& payload, const ClaimsRules& rules = Rules()) {
  return Read(payload, rules).sign_in.refusal;
}

TEST(ClaimsTest, ReadsWhatEachIssuerWrites) {
  struct Case {
    const char* issuer;
    const char* payload;
    const char* user_claim;
    const char* user;
    AccessRole role;
  };
  for (
      const Case& issuer : std::vector<Case>{
          {"RFC 9068",
           R"({"iss":"https://id.example.org","aud":"dramatis","sub":"5ba552d67","client_id":"s6B",
                "exp":1800000300,"iat":1800000000,"jti":"d1","scope":"openid chat"})",
           "sub", "5ba552d67", AccessRole::kUser},
          {"Cognito",
           R"({"iss":"https://id.example.org","sub":"aaaa-bbbb","client_id":"dramatis",
                "token_use":"access","scope":"aws.cognito.signin.user.admin","username":"ada",
                "cognito:groups":["staff","admin"],"exp":1800000300})",
           "username", "ada", AccessRole::kAdmin},
          {"Keycloak",
           R"({"iss":"https://id.example.org","aud":["account","dramatis"],"azp":"web","typ":"Bearer",
                "sub":"f:1:ada","realm_access":{"roles":["offline_access","admin"]},
                "preferred_username":"ada","exp":1800000300})",
           "sub", "f:1:ada", AccessRole::kAdmin},
          {"Auth0",
           R"({"iss":"https://id.example.org","aud":["dramatis","https://x/userinfo"],"azp":"web",
                "sub":"auth0|507f1f77","permissions":["read:all"],"scope":"openid","exp":1800000300})",
           "sub", "auth0|507f1f77", AccessRole::kUser},
          {"Entra",
           R"({"iss":"https://id.example.org","aud":"dramatis","oid":"0000-1111","tid":"t","ver":"2.0",
                "sub":"pairwise","scp":"access_as_user","roles":["admin"],"exp":1800000300})",
           "oid", "0000-1111", AccessRole::kAdmin}}) {
    ClaimsRules rules = Rules();
    rules.user_claim = issuer.user_claim;
    const Claims claims = Read(issuer.payload, rules);
    ASSERT_TRUE(claims.sign_in.identity.ok()) << issuer.issuer << claims.sign_in.refusal;
    EXPECT_EQ(claims.sign_in.identity->user_id, issuer.user) << issuer.issuer;
    EXPECT_EQ(claims.sign_in.identity->role, issuer.role) << issuer.issuer;
    EXPECT_EQ(claims.expires, absl::FromUnixSeconds(1'800'000'360));
  }
}

TEST(ClaimsTest, ScopesOfOursAreAllThatATokenAllows) {
  const auto scopes = [](const std::string& claims) {
    return Read(Usual("," + claims)).sign_in.identity->scopes;
  };
  EXPECT_EQ(scopes(R"("scope":"openid chat")"), *Scopes::Named("chat"));
  EXPECT_EQ(scopes(R"("scp":["chat","offline_access"])"), *Scopes::Named("chat"));
  EXPECT_EQ(scopes(R"("scope":"dramatis/memory email")"), *Scopes::Named("memory"));
  EXPECT_EQ(scopes(R"("scope":"openid email")"), Scopes::All());
  EXPECT_EQ(scopes(R"("scope":"CHAT chats other/chat")"), Scopes::All());
}

TEST(ClaimsTest, ATokenWithoutTheScopeAdminIsNoAdmins) {
  const auto role = [](const std::string& claims) {
    return Read(Usual("," + claims)).sign_in.identity->role;
  };
  EXPECT_EQ(role(R"("roles":["admin"])"), AccessRole::kAdmin);
  EXPECT_EQ(role(R"("roles":["admin"],"scope":"chat admin")"), AccessRole::kAdmin);
  EXPECT_EQ(role(R"("roles":["admin"],"scope":"chat")"), AccessRole::kUser);
  EXPECT_EQ(role(R"("scope":"chat admin")"), AccessRole::kUser);
}

TEST(ClaimsTest, AnAudienceThatIsThereIsTheOneThatCounts) {
  EXPECT_EQ(Refusal(R"({"iss":"https://id.example.org","aud":"account","azp":"dramatis","sub":"a",
                        "exp":1800000300})"),
            "audience");
  EXPECT_EQ(Refusal(R"({"iss":"https://id.example.org","azp":"other","sub":"a","exp":1800000300})"),
            "");
  for (const char* audience :
       {R"("Dramatis")", "[]", "null", "7", R"(["account"])", R"({"a":1})"}) {
    EXPECT_EQ(Refusal(absl::StrCat(R"({"iss":"https://id.example.org","sub":"a","exp":1800000300,)",
                                   R"("client_id":"dramatis","aud":)", audience, "}")),
              "audience")
        << audience;
  }
}

TEST(ClaimsTest, RolesAreFoundByNameOrPointerAsTextOrList) {
  ClaimsRules rules = Rules();
  rules.roles_claims = {"https://example.org/roles", "/resource_access/dramatis/roles", "groups"};
  const auto role = [&](const std::string& more) {
    return Read(Usual(more), rules).sign_in.identity->role;
  };
  EXPECT_EQ(role(R"(,"https://example.org/roles":["admin"])"), AccessRole::kAdmin);
  EXPECT_EQ(role(R"(,"resource_access":{"dramatis":{"roles":["a","admin"]}})"), AccessRole::kAdmin);
  EXPECT_EQ(role(R"(,"groups":"staff admin")"), AccessRole::kAdmin);
  for (const char* more : {"", R"(,"groups":["Admin"])", R"(,"groups":"administrator")",
                           R"(,"groups":[["admin"]])", R"(,"groups":{"admin":true})",
                           R"(,"roles":["admin"])", R"(,"resource_access":["admin"])"}) {
    EXPECT_EQ(role(more), AccessRole::kUser) << more;
  }
}

TEST(ClaimsTest, UsersAreBareAndOfABoundedLength) {
  const auto refusal = [](const std::string& user) {
    return Refusal(
        absl::StrCat(R"({"iss":"https://id.example.org","aud":"dramatis","exp":1800000300,)",
                     R"("sub":)", user, "}"));
  };
  std::string umlauts;
  for (int i = 0; i < 128; ++i)
    umlauts += "\u00e4";
  EXPECT_EQ(refusal("\"" + umlauts + "\""), "");
  EXPECT_EQ(refusal("\"" + umlauts + "a\""), "user");
  EXPECT_EQ(refusal(R"("local")"), "");
  for (const char* user : {R"("")", "7", "null", R"(["ada"])", R"("a\u0000b")", R"("a\nb")",
                           R"(" ada")", R"("ada ")", R"("\u007f")"}) {
    EXPECT_EQ(refusal(user), "user") << user;
  }
}

TEST(ClaimsTest, AScopeThatIsAskedForIsNamed) {
  ClaimsRules rules = Rules();
  rules.scope = "chat";
  EXPECT_EQ(Refusal(Usual(R"(,"scope":"openid chat")"), rules), "");
  EXPECT_EQ(Refusal(Usual(R"(,"scp":["chat"])"), rules), "");
  for (const char* more : {"", R"(,"scope":"chats")", R"(,"scope":["Chat"])", R"(,"scope":7)"}) {
    const Claims claims = Read(Usual(more), rules);
    EXPECT_EQ(claims.sign_in.refusal, "scope") << more;
    const absl::Status error = claims.sign_in.identity.status();
    EXPECT_EQ(error.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(GetReason(error), "INSUFFICIENT_SCOPE");
    EXPECT_NE(error.message().find("chat"), std::string::npos);
  }
}

TEST(ClaimsTest, ClocksMayBeAMinuteApart) {
  const auto at = [](int64_t exp, const std::string& more = "") {
    return Refusal(absl::StrCat(
        R"({"iss":"https://id.example.org","aud":"dramatis","sub":"a","exp":)", exp, more, "}"));
  };
  EXPECT_EQ(at(kNow - 59), "");
  EXPECT_EQ(at(kNow - 60), "expired");
  EXPECT_EQ(at(kNow + 9, absl::StrCat(R"(,"nbf":)", kNow + 60)), "");
  EXPECT_EQ(at(kNow + 99, absl::StrCat(R"(,"nbf":)", kNow + 61)), "not_yet_valid");
  EXPECT_EQ(at(kNow + 9, R"(,"nbf":1799999999.25)"), "");
}

}  // namespace
}  // namespace dramatis
