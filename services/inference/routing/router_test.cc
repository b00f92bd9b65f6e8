#include "services/inference/routing/router.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/testing/fakes.h"
#include "shared/status/errors.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;

ModelFacts Named(const std::string& name) {
  return {.name = name, .window_tokens = 1000, .prices = {}};
}

class RouterTest : public testing::Test {
 protected:
  Router Make(std::vector<std::string> chain) {
    std::vector<std::unique_ptr<Provider>> providers;
    providers.push_back(
        std::make_unique<FakeProvider>("openai", std::vector{Named("small"), Named("meta/large")}));
    providers.push_back(std::make_unique<FakeProvider>("local", std::vector{Named("retrieval")}));
    return Router(std::move(providers), std::move(chain), clock_);
  }
  static std::vector<std::string> Names(const absl::StatusOr<std::vector<Route>>& routes) {
    std::vector<std::string> names;
    for (const Route& route : routes.value())
      names.push_back(route.FullName());
    return names;
  }
  FakeClock clock_;
};

TEST_F(RouterTest, TakesTheChainWhereNoModelIsNamed) {
  const Router router = Make({"openai", "openai/meta/large", "local"});
  EXPECT_THAT(Names(router.Resolve("")),
              ElementsAre("openai/small", "openai/meta/large", "local/retrieval"));
  EXPECT_EQ(router.DefaultModel(), "openai/small");
}

TEST_F(RouterTest, PutsANamedModelBeforeAllOfTheChain) {
  const Router router = Make({"openai/small", "openai/meta/large"});
  EXPECT_THAT(Names(router.Resolve("openai/meta/large")),
              ElementsAre("openai/meta/large", "openai/small"));
  EXPECT_THAT(Names(router.Resolve("openai/small")),
              ElementsAre("openai/small", "openai/meta/large"));
  EXPECT_THAT(Names(router.Resolve("openai")), ElementsAre("openai/small", "openai/meta/large"));
  EXPECT_THAT(Names(router.Resolve("local")),
              ElementsAre("local/retrieval", "openai/small", "openai/meta/large"));
}

TEST_F(RouterTest, NeverFallsBackToWhatTheChainDoesNotName) {
  EXPECT_THAT(Names(Make({"openai/small"}).Resolve("")), ElementsAre("openai/small"));
}

TEST_F(RouterTest, PutsWhatStandsInForAModelBeforeTheChain) {
  const Router router = Make({"openai/small", "local"});
  EXPECT_THAT(Names(router.Resolve("openai/meta/large", {"local", "nobody/x", "openai/small"})),
              ElementsAre("openai/meta/large", "local/retrieval", "openai/small"));
  EXPECT_THAT(Names(router.Resolve("", {"openai/meta/large"})),
              ElementsAre("openai/small", "openai/meta/large", "local/retrieval"));
}

TEST_F(RouterTest, RefusesAModelThatNobodyHas) {
  const Router router = Make({"local"});
  for (const char* const name : {"openai/none", "none/small", "small", "openai/", "/small"}) {
    const absl::Status status = router.Resolve(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(GetReason(status), "UNKNOWN_MODEL") << name;
  }
}

}  // namespace
}  // namespace dramatis::inference
