#include "shared/config/deployment.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Variable kPaint = {"DRAMATIS_PAINT", "green", "of wheels and doors"};

const Deployment& Carriage() {
  static const auto& deployment = *new Deployment(
      {{.name = "wheel",
        .ports = {.grpc = 1001, .management = 2001},
        .calls = {"axle"},
        .variables = {{"DRAMATIS_SPOKES", "8", "spokes of a wheel"}, kPaint}},
       {.name = "axle", .ports = {.grpc = 1002, .management = 2002}},
       {.name = "door", .ports = {.http = 80, .management = 2000}, .variables = {kPaint}}});
  return deployment;
}

TEST(DeploymentTest, KnowsWhereEachProgramListens) {
  EXPECT_EQ(Carriage().PortsOf("dramatis-axle").grpc, 1002);
  EXPECT_EQ(Carriage().PortsOf("axle").management, 2002);
  EXPECT_EQ(Carriage().PortsOf("dramatis-door").grpc, 0);
  EXPECT_EQ(Carriage().PortsOf("dramatis-roof").grpc, 0);
  EXPECT_EQ(Carriage().PortsOf("dramatis-roof").management, 0);
}

TEST(DeploymentTest, AllInOneStandsInThePlaceOfItsFrontend) {
  const DefaultPorts ports = Carriage().PortsOf("dramatis");
  EXPECT_EQ(ports.http, 80);
  EXPECT_EQ(ports.grpc, 1001);
  EXPECT_EQ(ports.management, 2000);
}

TEST(DeploymentTest, KnowsWhoCallsWhom) {
  EXPECT_THAT(Carriage().Services(), ElementsAre("wheel", "axle"));
  EXPECT_THAT(Carriage().Callers(), ElementsAre("wheel", "door"));
}

TEST(DeploymentTest, KnowsTheVariablesOfEveryPart) {
  for (const char* name : {"DRAMATIS_LOG_LEVEL", "DRAMATIS_SPOKES", "DRAMATIS_AXLE_ADDRESS"})
    EXPECT_TRUE(Carriage().Knows(name)) << name;
  EXPECT_FALSE(Carriage().Knows("DRAMATIS_DOOR_ADDRESS"));
  EXPECT_FALSE(Deployment().Knows("DRAMATIS_SPOKES"));
}

TEST(DeploymentTest, SuggestsTheNearestName) {
  EXPECT_EQ(Carriage().Suggest("DRAMATIS_SPOKE"), "DRAMATIS_SPOKES");
  EXPECT_EQ(Carriage().Suggest("DRAMATIS_XYZZY_PLUGH"), "");
}

TEST(DeploymentTest, ShowsAProgramItsOwn) {
  EXPECT_THAT(Carriage().Help("dramatis-door"),
              AllOf(HasSubstr("DRAMATIS_PAINT"), HasSubstr("DRAMATIS_LOG_LEVEL"),
                    HasSubstr("DRAMATIS_WHEEL_ADDRESS"), Not(HasSubstr("DRAMATIS_SPOKES")),
                    Not(HasSubstr("DRAMATIS_DATA_DIR"))));
  EXPECT_THAT(Carriage().Help("dramatis"),
              AllOf(HasSubstr("DRAMATIS_PAINT"), HasSubstr("DRAMATIS_SPOKES")));
}

TEST(DeploymentTest, MakesATable) {
  EXPECT_THAT(
      Carriage().Markdown(),
      AllOf(HasSubstr("| `DRAMATIS_LOG_LEVEL` | info | debug, info, warning or error | all |"),
            HasSubstr("| `DRAMATIS_SPOKES` | 8 | spokes of a wheel | wheel |"),
            HasSubstr("| `DRAMATIS_PAINT` | green | of wheels and doors | wheel, door |"),
            HasSubstr("| `DRAMATIS_AXLE_ADDRESS` | 127.0.0.1:1002 | where the axle service is | "
                      "wheel, door |"),
            HasSubstr("| 127.0.0.1:1001 (dramatis, wheel), 127.0.0.1:1002 (axle) |"),
            HasSubstr("| 127.0.0.1:2000 (dramatis, door), 127.0.0.1:2001 (wheel), ")));
}

}  // namespace
}  // namespace dramatis
