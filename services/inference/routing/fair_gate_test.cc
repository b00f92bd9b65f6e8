#include "services/inference/routing/fair_gate.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;

class FairGateTest : public testing::Test {
 protected:
  FairGate::Ticket Wait(const std::string& user, const std::string& name) {
    return gate_.Wait(user, [this, name] { entered_.push_back(name); });
  }
  FairGate gate_{2};
  std::vector<std::string> entered_;
};

TEST_F(FairGateTest, LetsSoManyInAndTheNextWhenOneLeaves) {
  Wait("a", "a1");
  Wait("a", "a2");
  Wait("a", "a3");
  EXPECT_THAT(entered_, ElementsAre("a1", "a2"));
  EXPECT_EQ(gate_.waiting(), 1);
  gate_.Leave();
  EXPECT_THAT(entered_, ElementsAre("a1", "a2", "a3"));
  gate_.Leave();
  gate_.Leave();
  Wait("a", "a4");
  EXPECT_THAT(entered_, ElementsAre("a1", "a2", "a3", "a4"));
}

TEST_F(FairGateTest, UsersTakeTurns) {
  for (const char* const name : {"a1", "a2", "a3", "a4", "a5"})
    Wait("a", name);
  Wait("b", "b1");
  Wait("c", "c1");
  Wait("b", "b2");
  for (int i = 0; i < 6; ++i)
    gate_.Leave();
  EXPECT_THAT(entered_, ElementsAre("a1", "a2", "a3", "b1", "c1", "a4", "b2", "a5"));
}

TEST_F(FairGateTest, WhoIsForgottenIsNotLetIn) {
  const FairGate::Ticket first = Wait("a", "a1");
  Wait("a", "a2");
  const FairGate::Ticket third = Wait("b", "b1");
  Wait("c", "c1");
  EXPECT_FALSE(gate_.Forget(first));
  EXPECT_TRUE(gate_.Forget(third));
  EXPECT_FALSE(gate_.Forget(third));
  gate_.Leave();
  gate_.Leave();
  EXPECT_THAT(entered_, ElementsAre("a1", "a2", "c1"));
}

}  // namespace
}  // namespace dramatis::inference
