#include "shared/call/identity_claims.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "gtest/gtest.h"

namespace dramatis {
namespace {

std::string Claims(const Identity& identity) {
  boost::json::object claims;
  AppendIdentityClaims(identity, claims);
  return boost::json::serialize(claims);
}

bool Reads(const std::string& text) {
  return ReadIdentityClaims(boost::json::parse(text).as_object()).has_value();
}

TEST(IdentityClaimsTest, AreReadBack) {
  for (const AccessRole role : {AccessRole::kUser, AccessRole::kAdmin, AccessRole::kService}) {
    const Identity identity{"J\u00f6rg \"x\"", role};
    const auto read = ReadIdentityClaims(boost::json::parse(Claims(identity)).as_object());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->user_id, identity.user_id);
    EXPECT_EQ(read->role, role);
    EXPECT_EQ(read->scopes, Scopes::All());
    EXPECT_EQ(read->key, nullptr);
    EXPECT_EQ(read->caller, "");
  }
}

TEST(IdentityClaimsTest, LeaveOutWhatIsUsual) {
  EXPECT_EQ(Claims({"ada"}), R"({"sub":"ada","roles":["user"]})");
  Identity none{"ada"};
  none.scopes = Scopes();
  EXPECT_EQ(Claims(none), R"({"sub":"ada","roles":["user"],"scopes":[]})");
  const auto read = ReadIdentityClaims(boost::json::parse(Claims(none)).as_object());
  EXPECT_TRUE(read->scopes.empty());
}

TEST(IdentityClaimsTest, RefuseWhatIsNotOfTheirForm) {
  EXPECT_TRUE(Reads(R"({"sub":"ada","roles":["user"],"more":1})"));
  for (const char* text :
       {R"({})", R"({"sub":1,"roles":["user"]})", R"({"sub":"ada"})",
        R"({"sub":"ada","roles":"user"})", R"({"sub":"ada","roles":[]})",
        R"({"sub":"ada","roles":[1]})", R"({"sub":"ada","roles":["user"],"scopes":"chat"})",
        R"({"sub":"ada","roles":["user"],"key":"k"})",
        R"({"sub":"ada","roles":["user"],"key":{"id":""}})",
        R"({"sub":"ada","roles":["user"],"key":{"id":"k","personaIds":"p"}})",
        R"({"sub":"ada","roles":["user"],"key":{"id":"k","monthlyBudgetMicros":1.5}})",
        R"({"sub":"ada","roles":["user"],"key":{"id":"k","requestsPerMinute":4294967296}})"}) {
    EXPECT_FALSE(Reads(text)) << text;
  }
}

}  // namespace
}  // namespace dramatis
