#include "shared/config/environment.h"

#include <cstdlib>
#include <fstream>
#include <tuple>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// All problems as text; empty where there are none.
std::string Problems(const Settings& settings) {
  return std::string(settings.Check().message());
}

TEST(SettingsTest, ReadsValuesAndFallbacks) {
  Settings settings(Environment{{"DRAMATIS_MODEL", "openai/gpt"},
                                {"DRAMATIS_WORKERS", "8"},
                                {"DRAMATIS_RESTRICT_AI_PERSONAS", "true"},
                                {"DRAMATIS_TURN_LEASE", "250ms"},
                                {"DRAMATIS_GRPC_ADDRESS", "[::1]:0"},
                                {"DRAMATIS_CORS_ORIGINS", " http://a , ,http://b,"},
                                {"OPENAI_BASE_URL", ""}});

  EXPECT_EQ(settings.Text("DRAMATIS_MODEL", "local"), "openai/gpt");
  EXPECT_EQ(settings.Text("OPENAI_BASE_URL", "fallback"), "fallback");
  EXPECT_EQ(settings.Integer("DRAMATIS_WORKERS", 16, 1, 1024), 8);
  EXPECT_EQ(settings.Integer("DRAMATIS_QUEUE", 1024, 0, 5000), 1024);
  EXPECT_TRUE(settings.Flag("DRAMATIS_RESTRICT_AI_PERSONAS", false));
  EXPECT_EQ(settings.Duration("DRAMATIS_TURN_LEASE", absl::Seconds(15), absl::ZeroDuration(),
                              absl::Minutes(1)),
            absl::Milliseconds(250));
  EXPECT_EQ(settings.Address("DRAMATIS_GRPC_ADDRESS", "127.0.0.1:1"), "[::1]:0");
  EXPECT_THAT(settings.List("DRAMATIS_CORS_ORIGINS"), ElementsAre("http://a", "http://b"));
  EXPECT_EQ(Problems(settings), "");
}

TEST(SettingsTest, ReportsEveryProblemAtOnceWithoutItsValue) {
  Settings settings(Environment{{"DRAMATIS_LOG_LEVEL", "s3cret-loud"},
                                {"DRAMATIS_WORKERS", "s3cret"},
                                {"DRAMATIS_QUEUE", "99999999999999999999"},
                                {"DRAMATIS_RESTRICT_AI_PERSONAS", "s3cret"},
                                {"DRAMATIS_TURN_LEASE", "s3cret"}});
  settings.Choice("DRAMATIS_LOG_LEVEL", "info", {"debug", "info"});
  EXPECT_EQ(settings.Integer("DRAMATIS_WORKERS", 16, 1, 1024), 16);
  settings.Integer("DRAMATIS_QUEUE", 16, 1, 1024);
  settings.Flag("DRAMATIS_RESTRICT_AI_PERSONAS", false);
  settings.Duration("DRAMATIS_TURN_LEASE", absl::Seconds(1), absl::ZeroDuration(),
                    absl::Minutes(1));
  settings.Problem("OPENAI_API_KEY", "is missing");

  const absl::Status status = settings.Check();

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()),
            "DRAMATIS_LOG_LEVEL must be one of debug, info\n"
            "DRAMATIS_WORKERS must be a whole number from 1 to 1024\n"
            "DRAMATIS_QUEUE must be a whole number from 1 to 1024\n"
            "DRAMATIS_RESTRICT_AI_PERSONAS must be one of true, false\n"
            "DRAMATIS_TURN_LEASE must be a duration from 0 to 1m, such as 250ms, 5s or 2m\n"
            "OPENAI_API_KEY is missing");
}

TEST(SettingsTest, RefusesNumbersAndDurationsOutOfBounds) {
  Settings settings(Environment{{"DRAMATIS_WORKERS", "0"}, {"DRAMATIS_TURN_LEASE", "inf"}});

  settings.Integer("DRAMATIS_WORKERS", 16, 1, 1024);
  settings.Duration("DRAMATIS_TURN_LEASE", absl::Seconds(1), absl::Seconds(1), absl::Hours(1));

  EXPECT_THAT(Problems(settings),
              AllOf(HasSubstr("DRAMATIS_WORKERS"), HasSubstr("DRAMATIS_TURN_LEASE")));
}

TEST(SettingsTest, RefusesMalformedAddresses) {
  for (const char* address :
       {"localhost", ":80", "localhost:", "localhost:65536", "localhost:-1", "::1:80", "[::1]80",
        "[local]:80", "a b:80", "http://a:80", "localhost:080808", "localhost:8x"}) {
    Settings settings(Environment{{"DRAMATIS_GRPC_ADDRESS", address}});
    EXPECT_EQ(settings.Address("DRAMATIS_GRPC_ADDRESS", "127.0.0.1:1"), "127.0.0.1:1");
    EXPECT_THAT(Problems(settings), HasSubstr("DRAMATIS_GRPC_ADDRESS must be host:port"))
        << address;
  }
}

TEST(SettingsTest, RefusesUnknownVariablesOfOurPrefixAndSuggests) {
  Settings settings(Environment{{"DRAMATIS_LOG_LEVLE", "info"},
                                {"DRAMATIS_XYZZY_PLUGH", "1"},
                                {"PATH", "/bin"},
                                {"DRAMATIS_SPOKES", "of another program"}});
  const Deployment deployment(
      {{.name = "wheel", .variables = {{"DRAMATIS_SPOKES", "8", "spokes"}}}});

  EXPECT_EQ(std::string(settings.Check(deployment).message()),
            "DRAMATIS_LOG_LEVLE is not a setting; did you mean DRAMATIS_LOG_LEVEL?\n"
            "DRAMATIS_XYZZY_PLUGH is not a setting");
}

TEST(SettingsTest, KnowsWhatWasAskedFor) {
  Settings settings(Environment{{"DRAMATIS_ONLY_HERE", "1"}});
  settings.Text("DRAMATIS_ONLY_HERE");
  EXPECT_EQ(Problems(settings), "");
}

class SecretTest : public testing::Test {
 protected:
  // A file with `content`, and its path.
  std::string File(const std::string& content) {
    const std::string path = testing::TempDir() + "dramatis_secret_test";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
};

TEST_F(SecretTest, ComesFromTheFileWithoutItsLineEnd) {
  for (const char* content : {"s3cret", "s3cret\n", "s3cret\r\n"}) {
    Settings settings(
        {{"OPENAI_API_KEY_FILE", File(content)}, {"DRAMATIS_ENVIRONMENT", "staging"}});
    EXPECT_EQ(settings.Secret("OPENAI_API_KEY"), "s3cret");
    EXPECT_EQ(Problems(settings), "");
  }
}

TEST_F(SecretTest, ComesFromTheVariableInLocalOnly) {
  Settings local(Environment{{"OPENAI_API_KEY", "s3cret"}});
  EXPECT_EQ(local.Secret("OPENAI_API_KEY"), "s3cret");
  EXPECT_EQ(Problems(local), "");

  Settings production(
      Environment{{"OPENAI_API_KEY", "s3cret"}, {"DRAMATIS_ENVIRONMENT", "production"}});
  EXPECT_EQ(production.Secret("OPENAI_API_KEY"), "");
  EXPECT_THAT(Problems(production), AllOf(HasSubstr("OPENAI_API_KEY"), Not(HasSubstr("s3cret"))));
}

TEST_F(SecretTest, IsEmptyWhereNeitherIsSet) {
  Settings settings(Environment{});
  EXPECT_EQ(settings.Secret("OPENAI_API_KEY"), "");
  EXPECT_EQ(Problems(settings), "");
}

TEST_F(SecretTest, ReportsAFileThatGivesNothing) {
  for (const std::string& path : {std::string("/nowhere/at/all"), File(""), File("\n")}) {
    Settings settings(Environment{{"OPENAI_API_KEY_FILE", path}});
    EXPECT_EQ(settings.Secret("OPENAI_API_KEY"), "");
    EXPECT_THAT(Problems(settings), HasSubstr("OPENAI_API_KEY_FILE")) << path;
  }
}

TEST_F(SecretTest, ReportsTwoSources) {
  Settings settings(Environment{{"OPENAI_API_KEY_FILE", File("a")}, {"OPENAI_API_KEY", "b"}});
  settings.Secret("OPENAI_API_KEY");
  EXPECT_THAT(Problems(settings), HasSubstr("set one of them"));
}

TEST(CommonConfigTest, HasDefaults) {
  Settings settings(Environment{});

  const CommonConfig config = CommonConfig::From(settings, 9093);

  EXPECT_EQ(Problems(settings), "");
  EXPECT_EQ(config.environment, "local");
  EXPECT_EQ(config.log_level, "info");
  EXPECT_EQ(config.management_address, "127.0.0.1:9093");
  EXPECT_EQ(config.workers, 16);
  EXPECT_EQ(config.queue, 1024);
  EXPECT_EQ(config.queue_delay, std::chrono::milliseconds(100));
  EXPECT_EQ(config.drain, absl::Seconds(20));
  EXPECT_EQ(config.database_url, "");
}

TEST(CommonConfigTest, OutsideLocalHttpMayBeAnywhereAndGrpcMayNot) {
  for (const char* environment : {"staging", "production"}) {
    Settings settings(Environment{{"DRAMATIS_ENVIRONMENT", environment},
                                  {"DRAMATIS_HTTP_ADDRESS", "0.0.0.0:8080"},
                                  {"DRAMATIS_MANAGEMENT_ADDRESS", "0.0.0.0:9090"},
                                  {"DRAMATIS_GRPC_ADDRESS", "127.0.0.1:50051"}});
    settings.Text("DRAMATIS_HTTP_ADDRESS");  // as what serves HTTP does
    CommonConfig::From(settings, 9090);
    EXPECT_EQ(Problems(settings), "");
    Settings open(Environment{{"DRAMATIS_ENVIRONMENT", environment},
                              {"DRAMATIS_GRPC_ADDRESS", "0.0.0.0:50051"}});
    CommonConfig::From(open, 9090);
    EXPECT_THAT(Problems(open), HasSubstr("DRAMATIS_GRPC_ADDRESS must be on loopback"));
  }
  Settings unknown(Environment{{"DRAMATIS_ENVIRONMENT", "elsewhere"}});
  CommonConfig::From(unknown, 9090);
  EXPECT_THAT(Problems(unknown), HasSubstr("must be one of local, staging, production"));
}

TEST(CommonConfigTest, OutsideLocalADatabaseElsewhereIsVerified) {
  const auto problems = [](const std::string& url) {
    const std::string path = testing::TempDir() + "/database-url";
    std::ofstream(path) << url << "\n";
    Settings settings(
        Environment{{"DRAMATIS_ENVIRONMENT", "production"}, {"DATABASE_URL_FILE", path}});
    EXPECT_EQ(CommonConfig::From(settings, 9090).database_url, url);
    return Problems(settings);
  };
  for (const char* url :
       {"postgresql://u:p@db.example.org/x?sslmode=verify-full",
        "postgresql://u:p@a:5432,b:5432/x?target_session_attrs=read-write&sslmode=verify-full",
        "postgresql://u:p@127.0.0.1:5432/x", "postgresql://u@localhost/x", "postgresql:///x",
        "postgresql://u@%2Frun%2Fpostgresql/x", "postgresql://u@[::1]:5432/x",
        "postgresql://u@[::1]/x"}) {
    EXPECT_EQ(problems(url), "") << url;
  }
  for (const char* url :
       {"postgresql://u:p@db.example.org/x", "postgresql://u:p@db/x?sslmode=require",
        "postgresql://u:p@localhost,db/x", "postgresql://u:p@127.0.0.1.example.org/x",
        "postgresql:///x?host=db", "postgresql://u@localhost/x?hostaddr=192.0.2.1"}) {
    EXPECT_THAT(problems(url), HasSubstr("sslmode=verify-full")) << url;
  }
  Settings in_the_open(Environment{{"DRAMATIS_ENVIRONMENT", "production"},
                                   {"DATABASE_URL", "postgresql://u:p@localhost/x"}});
  CommonConfig::From(in_the_open, 9090);
  EXPECT_THAT(Problems(in_the_open), HasSubstr("DATABASE_URL_FILE"));
}

TEST(CommonConfigTest, LetsAdminsChangeDatabasesInLocalOnlyByDefault) {
  for (const auto& [environment, setting, allowed] :
       {std::tuple{"local", "", true}, std::tuple{"staging", "", false},
        std::tuple{"production", "", false}, std::tuple{"local", "false", false},
        std::tuple{"staging", "true", true}}) {
    Settings settings(
        {{"DRAMATIS_ENVIRONMENT", environment}, {"DRAMATIS_ADMIN_MUTATIONS", setting}});
    EXPECT_EQ(CommonConfig::From(settings, 9090).admin_mutations, allowed) << environment;
  }
}

TEST(CommonConfigTest, ListensOnLoopbackOnly) {
  for (const char* name :
       {"DRAMATIS_HTTP_ADDRESS", "DRAMATIS_GRPC_ADDRESS", "DRAMATIS_MANAGEMENT_ADDRESS"}) {
    for (const char* address : {"0.0.0.0:80", "[::]:80", "10.0.0.1:80", "127.example.com:80"}) {
      Settings settings(Environment{{name, address}});
      CommonConfig::From(settings, 9090);
      EXPECT_THAT(Problems(settings), HasSubstr(std::string(name) + " must be on loopback"));
    }
    for (const char* address : {"127.0.0.1:0", "127.1.2.3:80", "[::1]:80", "localhost:80"}) {
      Settings settings(Environment{{name, address}});
      CommonConfig::From(settings, 9090);
      EXPECT_EQ(Problems(settings), "");
    }
  }
}

TEST(CommonConfigTest, TakesOnlyPostgresUrls) {
  Settings wrong(Environment{{"DATABASE_URL", "mysql://user:s3cret@host/db"}});
  CommonConfig::From(wrong, 9090);
  EXPECT_THAT(Problems(wrong), AllOf(HasSubstr("DATABASE_URL"), Not(HasSubstr("s3cret"))));

  Settings right(Environment{{"DATABASE_URL", "postgresql://user@host/db"}});
  EXPECT_EQ(CommonConfig::From(right, 9090).database_url, "postgresql://user@host/db");
  EXPECT_EQ(Problems(right), "");
}

TEST(SystemEnvironmentTest, HoldsTheProcesssVariables) {
  setenv("DRAMATIS_TEST_ONLY", "a=b", 1);
  EXPECT_EQ(SystemEnvironment().at("DRAMATIS_TEST_ONLY"), "a=b");
  unsetenv("DRAMATIS_TEST_ONLY");
}

TEST(CommonConfigTest, TheDatabasesUrlMayBeReadFromElsewhere) {
  const auto read = [](const std::string& text, const std::string& environment,
                       const std::string& value) {
    Settings settings({{"DATABASE_URL", text}, {"DRAMATIS_ENVIRONMENT", environment}});
    const CommonConfig config =
        CommonConfig::From(settings, 9090, [&](const std::string&) -> absl::StatusOr<std::string> {
          if (value.empty()) return absl::UnavailableError("/run/url is empty");
          return value;
        });
    return std::make_pair(config, std::string(settings.Check().message()));
  };
  const auto [good, none] = read("file:/run/url", "local", "postgresql://db/app");
  EXPECT_EQ(none, "");
  EXPECT_EQ(good.database_url, "postgresql://db/app");
  EXPECT_EQ(good.database_url_reference, "file:/run/url");
  EXPECT_EQ(read("aws-secretsmanager:db", "local", "").second, "DATABASE_URL /run/url is empty");
  EXPECT_THAT(read("file:/run/url", "local", "sqlite:x").second,
              testing::HasSubstr("DATABASE_URL must be postgresql://"));
  EXPECT_THAT(read("file:/run/url", "production", "postgresql://db.example/app").second,
              testing::HasSubstr("DATABASE_URL must have ?sslmode=verify-full"));
  EXPECT_EQ(read("postgresql://db/app", "local", "").first.database_url_reference, "");
}

}  // namespace
}  // namespace dramatis
