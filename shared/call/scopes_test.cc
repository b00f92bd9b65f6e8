#include "shared/call/scopes.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ScopesTest, AreNamedInTheContractsWords) {
  EXPECT_THAT(Scopes::All().Names(),
              ElementsAre("chat", "personas_read", "personas_write", "memory", "admin"));
  EXPECT_THAT(Scopes().Names(), IsEmpty());
  for (const std::string& name : Scopes::All().Names()) {
    EXPECT_THAT(Scopes::Named(name)->Names(), ElementsAre(name));
  }
  EXPECT_FALSE(Scopes::Named("account").has_value());
  EXPECT_FALSE(Scopes::Named("Chat").has_value());
  EXPECT_FALSE(Scopes::Named("").has_value());
}

TEST(ScopesTest, AnAccountNeedsAllButAdmin) {
  EXPECT_THAT(Scopes::Needed("account")->Names(),
              ElementsAre("chat", "personas_read", "personas_write", "memory"));
  EXPECT_TRUE(Scopes::Needed("")->empty());
  EXPECT_FALSE(Scopes::Needed("nothing").has_value());
}

TEST(ScopesTest, AreASet) {
  Scopes some = *Scopes::Named("memory");
  some.Add(Scopes::Admin());
  EXPECT_TRUE(Scopes::Admin().In(some));
  EXPECT_FALSE(some.In(Scopes::Admin()));
  EXPECT_TRUE(Scopes().In(Scopes()));
  EXPECT_EQ(Scopes::FromBits(some.bits()), some);
  EXPECT_EQ(Scopes::FromBits(0xff), Scopes::All());
}

}  // namespace
}  // namespace dramatis
