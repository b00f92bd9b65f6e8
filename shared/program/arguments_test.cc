#include "shared/program/arguments.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ArgumentsTest, ServesWithoutArguments) {
  EXPECT_EQ(ParseArguments({}, true).value(), Command::kServe);
}

TEST(ArgumentsTest, KnowsEveryCommand) {
  EXPECT_EQ(ParseArguments({"--help"}, true).value(), Command::kHelp);
  EXPECT_EQ(ParseArguments({"-h"}, true).value(), Command::kHelp);
  EXPECT_EQ(ParseArguments({"--version"}, true).value(), Command::kVersion);
  EXPECT_EQ(ParseArguments({"--check-config"}, true).value(), Command::kCheckConfig);
  EXPECT_EQ(ParseArguments({"migrate"}, true).value(), Command::kMigrate);
  EXPECT_EQ(ParseArguments({"migrate", "--check"}, true).value(), Command::kCheckSchema);
}

TEST(ArgumentsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(std::string(ParseArguments({"--port", "1"}, true).status().message()),
              HasSubstr("--port 1"));
  EXPECT_FALSE(ParseArguments({"migrate", "--chekc"}, true).ok());
}

TEST(ArgumentsTest, RefusesToMigrateWithoutADatabase) {
  EXPECT_FALSE(ParseArguments({"migrate"}, false).ok());
}

TEST(ArgumentsTest, HelpListsTheSettingsOfTheProgram) {
  EXPECT_THAT(HelpText("dramatis-gateway", {}, false), HasSubstr("DRAMATIS_LOG_LEVEL"));
  EXPECT_THAT(HelpText("dramatis-gateway", {}, false), Not(HasSubstr("migrate")));
  EXPECT_THAT(HelpText("dramatis-persona", {}, true), HasSubstr("migrate --check"));
}

}  // namespace
}  // namespace dramatis
