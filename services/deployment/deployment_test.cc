#include "services/deployment/deployment.h"

#include <map>
#include <string>

#include "gateway/settings/variables.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/conversation/settings/variables.h"
#include "services/inference/settings/known_providers.h"
#include "services/inference/settings/variables.h"
#include "services/memory/settings/variables.h"
#include "services/persona/settings/variables.h"

namespace dramatis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(AllProgramsTest, AreTheServicesAndTheGateway) {
  EXPECT_THAT(AllPrograms().Services(),
              ElementsAre("persona", "conversation", "memory", "inference"));
  EXPECT_THAT(AllPrograms().Callers(), ElementsAre("conversation", "memory", "gateway"));
  EXPECT_EQ(AllPrograms().PortsOf("dramatis").http, 8080);
}

TEST(AllProgramsTest, ExplainTheirSettingsInOneWay) {
  std::map<std::string, std::string> meanings;
  for (const DeploymentPart* part :
       {&persona::PersonaPart(), &conversation::ConversationPart(), &memory::MemoryPart(),
        &inference::InferencePart(), &gateway::GatewayPart()}) {
    for (const Variable& variable : part->variables) {
      EXPECT_FALSE(variable.meaning.empty()) << variable.name;
      const auto [known, is_new] = meanings.emplace(variable.name, variable.meaning);
      EXPECT_TRUE(is_new || known->second == variable.meaning) << variable.name;
      EXPECT_TRUE(AllPrograms().Knows(variable.name)) << variable.name;
    }
  }
}

TEST(AllProgramsTest, HaveTheVariablesOfEveryKnownProvider) {
  for (const inference::KnownProvider& known : inference::KnownProviders()) {
    for (const std::string_view name : {known.key_variable, known.url_variable})
      EXPECT_TRUE(name.empty() || AllPrograms().Knows(name)) << name;
  }
}

TEST(AllProgramsTest, ShowEachProgramItsOwn) {
  EXPECT_THAT(AllPrograms().Help("dramatis-gateway"),
              AllOf(HasSubstr("DRAMATIS_HTTP_ADDRESS"), HasSubstr("DRAMATIS_LOG_LEVEL"),
                    Not(HasSubstr("DRAMATIS_TURN_LEASE"))));
  EXPECT_THAT(AllPrograms().Help("dramatis"),
              AllOf(HasSubstr("DRAMATIS_HTTP_ADDRESS"), HasSubstr("DRAMATIS_TURN_LEASE")));
}

}  // namespace
}  // namespace dramatis
