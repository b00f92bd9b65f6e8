#include "services/inference/config.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace dramatis::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Read {
  Config config;
  std::string problems;
};

Read From(Environment environment) {
  environment["DRAMATIS_ENVIRONMENT"] = "local";
  Settings settings(environment);
  CommonConfig::From(settings, 9094);
  Read read = {.config = Config::From(settings), .problems = ""};
  read.problems = std::string(settings.Check().message());
  return read;
}

TEST(ConfigTest, HasOnlyTheBuiltInModelWhereNothingIsSet) {
  const Read read = From({});
  EXPECT_EQ(read.problems, "");
  EXPECT_FALSE(read.config.openai.has_value());
  EXPECT_THAT(read.config.chain, ElementsAre("local"));
}

TEST(ConfigTest, TalksToOpenAiWhereAKeyIsSet) {
  const Read read = From({{"OPENAI_API_KEY", "sk"}});
  EXPECT_EQ(read.problems, "");
  ASSERT_TRUE(read.config.openai.has_value());
  EXPECT_TRUE(read.config.openai->IsOpenAi());
  EXPECT_FALSE(read.config.openai->any_model);
  EXPECT_EQ(read.config.openai->models.front().name, "gpt-4o-mini");
  EXPECT_THAT(read.config.chain, ElementsAre("openai"));
}

TEST(ConfigTest, TalksToAnotherServerWithoutAKeyAndTakesAnyModel) {
  const Read read = From({{"OPENAI_BASE_URL", "http://127.0.0.1:11434/v1/"}});
  EXPECT_EQ(read.problems, "");
  ASSERT_TRUE(read.config.openai.has_value());
  EXPECT_EQ(read.config.openai->base_url, "http://127.0.0.1:11434/v1");
  EXPECT_TRUE(read.config.openai->any_model);
  EXPECT_THAT(read.config.chain, ElementsAre("openai"));
}

TEST(ConfigTest, OffersTheModelsThatAreListed) {
  const Read read = From({{"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"},
                          {"DRAMATIS_OPENAI_MODELS", "llama3:8b@8192, qwen"},
                          {"DRAMATIS_MODEL", "openai/qwen, local"}});
  EXPECT_EQ(read.problems, "");
  EXPECT_FALSE(read.config.openai->any_model);
  EXPECT_EQ(read.config.openai->models.front().window_tokens, 8192);
  EXPECT_THAT(read.config.chain, ElementsAre("openai/qwen", "local"));
}

TEST(ConfigTest, RefusesAModelThatNobodyHas) {
  EXPECT_THAT(From({{"DRAMATIS_MODEL", "openai/gpt-4o"}}).problems, HasSubstr("DRAMATIS_MODEL"));
  EXPECT_THAT(From({{"OPENAI_API_KEY", "sk"}, {"DRAMATIS_MODEL", "openai/llama"}}).problems,
              HasSubstr("DRAMATIS_MODEL"));
  EXPECT_THAT(From({{"DRAMATIS_MODEL", "other"}}).problems, HasSubstr("DRAMATIS_MODEL"));
}

TEST(ConfigTest, ReportsEveryProblemWithoutItsValue) {
  const std::string problems = From({{"OPENAI_API_KEY", "sk with space"},
                                     {"OPENAI_BASE_URL", "ftp://host/v1"},
                                     {"DRAMATIS_OPENAI_MODELS", "a@1"},
                                     {"DRAMATIS_OPENAI_IDLE_TIMEOUT", "soon"}})
                                   .problems;
  for (const char* const name : {"OPENAI_API_KEY", "OPENAI_BASE_URL", "DRAMATIS_OPENAI_MODELS",
                                 "DRAMATIS_OPENAI_IDLE_TIMEOUT"}) {
    EXPECT_THAT(problems, HasSubstr(name));
  }
  EXPECT_THAT(problems, Not(HasSubstr("sk with")));
}

TEST(ConfigTest, NormalisesABaseUrl) {
  EXPECT_EQ(NormalBaseUrl("https://api.openai.com/v1/"), "https://api.openai.com/v1");
  EXPECT_EQ(NormalBaseUrl("http://ollama:11434"), "http://ollama:11434");
  for (const char* const url :
       {"", "host/v1", "file:///etc/passwd", "http://", "http://u:p@host/v1", "http://host/v1?a=b",
        "http://host/v1#x", "http://ho st/"}) {
    EXPECT_FALSE(NormalBaseUrl(url).has_value()) << url;
  }
}

}  // namespace
}  // namespace dramatis::inference
