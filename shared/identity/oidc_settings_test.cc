#include "shared/identity/oidc_settings.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using testing::HasSubstr;

struct Read {
  OidcSettings oidc;
  std::string problems;
};

Read From(Environment variables, const std::string& environment) {
  variables["DRAMATIS_ENVIRONMENT"] = environment;
  Settings settings(std::move(variables));
  Read read;
  read.oidc = OidcSettings::From(settings);
  read.problems = std::string(settings.Check().message());
  return read;
}

constexpr char kIssuer[] = "https://id.example.org/realms/main";

TEST(OidcSettingsTest, ReadsAllOfThem) {
  const Read read = From({{"DRAMATIS_OIDC_ISSUER", kIssuer},
                          {"DRAMATIS_OIDC_AUDIENCE", "dramatis, web"},
                          {"DRAMATIS_OIDC_JWKS_URL", "https://keys.example.org/"},
                          {"DRAMATIS_OIDC_USER_CLAIM", "oid"},
                          {"DRAMATIS_OIDC_ROLES_CLAIM", "groups,/a/b"},
                          {"DRAMATIS_OIDC_ADMIN_ROLE", "operators"},
                          {"DRAMATIS_OIDC_SCOPE", "chat"}},
                         "production");
  EXPECT_EQ(read.problems, "");
  EXPECT_EQ(read.oidc.rules.issuer, kIssuer);
  EXPECT_THAT(read.oidc.rules.audiences, testing::ElementsAre("dramatis", "web"));
  EXPECT_EQ(read.oidc.jwks_url, "https://keys.example.org/");
  EXPECT_EQ(read.oidc.rules.user_claim, "oid");
  EXPECT_THAT(read.oidc.rules.roles_claims, testing::ElementsAre("groups", "/a/b"));
  EXPECT_EQ(read.oidc.rules.admin_role, "operators");
  EXPECT_EQ(read.oidc.rules.scope, "chat");
}

TEST(OidcSettingsTest, AnIssuerNeedsAnAudience) {
  for (const char* environment : {"staging", "production"}) {
    EXPECT_EQ(From({}, environment).problems, "");  // keys alone
    EXPECT_THAT(From({{"DRAMATIS_OIDC_ISSUER", kIssuer}}, environment).problems,
                HasSubstr("DRAMATIS_OIDC_AUDIENCE must be set"));
  }
  EXPECT_EQ(From({}, "local").problems, "");
  EXPECT_THAT(From({{"DRAMATIS_OIDC_SCOPE", "chat"}}, "local").problems,
              HasSubstr("DRAMATIS_OIDC_ISSUER must be set"));
}

TEST(OidcSettingsTest, AddressesAreHttps) {
  for (const char* issuer : {"http://id.example.org", "id.example.org", "https://a.org?x=1"}) {
    EXPECT_THAT(
        From({{"DRAMATIS_OIDC_ISSUER", issuer}, {"DRAMATIS_OIDC_AUDIENCE", "a"}}, "production")
            .problems,
        HasSubstr("DRAMATIS_OIDC_ISSUER must be an https:// address"));
  }
  EXPECT_THAT(From({{"DRAMATIS_OIDC_ISSUER", kIssuer},
                    {"DRAMATIS_OIDC_AUDIENCE", "a"},
                    {"DRAMATIS_OIDC_JWKS_URL", "http://keys.example.org"}},
                   "production")
                  .problems,
              HasSubstr("DRAMATIS_OIDC_JWKS_URL must be an https:// address"));
  EXPECT_EQ(
      From({{"DRAMATIS_OIDC_ISSUER", "http://127.0.0.1:3000"}, {"DRAMATIS_OIDC_AUDIENCE", "a"}},
           "production")
          .problems,
      "");
}

TEST(OidcSettingsTest, APageSignsInAtTheIssuerOnly) {
  const auto read = [](Environment variables) {
    Settings settings(std::move(variables));
    OidcSettings oidc = OidcSettings::From(settings);
    oidc.ReadClient(settings);
    return std::make_pair(oidc.client_id + " " + oidc.client_scope,
                          std::string(settings.Check().message()));
  };
  const Environment whole = {{"DRAMATIS_OIDC_ISSUER", kIssuer},
                             {"DRAMATIS_OIDC_AUDIENCE", "a"},
                             {"DRAMATIS_OIDC_CLIENT_ID", "page"},
                             {"DRAMATIS_OIDC_CLIENT_SCOPE", "openid chat"}};
  EXPECT_EQ(read(whole), std::make_pair(std::string("page openid chat"), std::string()));
  EXPECT_THAT(read({{"DRAMATIS_OIDC_CLIENT_ID", "page"}}).second,
              HasSubstr("DRAMATIS_OIDC_ISSUER must be set"));
  EXPECT_THAT(read({{"DRAMATIS_OIDC_CLIENT_SCOPE", "openid"}}).second,
              HasSubstr("DRAMATIS_OIDC_CLIENT_ID must be set"));
}

TEST(OidcSettingsTest, WhomNoClientCallsMayDoWithout) {
  EXPECT_EQ(From({}, "production").problems, "");
  EXPECT_THAT(From({{"DRAMATIS_OIDC_ISSUER", kIssuer}}, "production").problems,
              HasSubstr("DRAMATIS_OIDC_AUDIENCE must be set"));
  EXPECT_EQ(From({{"DRAMATIS_OIDC_ISSUER", kIssuer}, {"DRAMATIS_OIDC_AUDIENCE", "a"}}, "production")
                .problems,
            "");
}

}  // namespace
}  // namespace dramatis
