#include "services/inference/config.h"

#include <fstream>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/inference/catalogue/catalogue.h"
#include "services/inference/providers/base_url.h"
#include "services/inference/settings/known_providers.h"

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

// The provider of that name; a default one where there is none.
ProviderConfig Named(const Read& read, const std::string& name) {
  for (const ProviderConfig& provider : read.config.providers) {
    if (provider.name == name) return provider;
  }
  return {.name = "none", .base_url = ""};
}

std::vector<std::string> Names(const ProviderConfig& provider) {
  std::vector<std::string> names;
  for (const ModelSpec& model : provider.models)
    names.push_back(model.name);
  return names;
}

std::string Written(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::trunc) << text;
  return path;
}

TEST(ConfigTest, HasOnlyTheBuiltInModelWhereNothingIsSet) {
  const Read read = From({});
  EXPECT_EQ(read.problems, "");
  EXPECT_TRUE(read.config.providers.empty());
  EXPECT_THAT(read.config.chain, ElementsAre("local"));
}

TEST(ConfigTest, TalksToOpenAiWhereAKeyIsSet) {
  const Read read = From({{"OPENAI_API_KEY", "sk"}});
  EXPECT_EQ(read.problems, "");
  ASSERT_EQ(read.config.providers.size(), 1U);
  EXPECT_TRUE(read.config.providers[0].IsOpenAi());
  EXPECT_FALSE(read.config.providers[0].any_model);
  EXPECT_EQ(read.config.providers[0].models.front().name, "gpt-6-luna");
  EXPECT_THAT(read.config.chain, ElementsAre("openai"));
}

TEST(ConfigTest, NoDefaultModelIsOneWhoseEndIsKnown) {
  const Catalogue catalogue;
  for (const KnownProvider& provider : KnownProviders()) {
    const std::string name(provider.models.substr(0, provider.models.find(',')));
    const auto facts = catalogue.Find({std::string(provider.name)}, name);
    if (facts.has_value()) {
      EXPECT_EQ(facts->deprecated, "") << provider.name << "/" << name;
    }
  }
}

TEST(ConfigTest, TalksToAnotherServerWithoutAKeyAndTakesAnyModel) {
  const Read read = From({{"OPENAI_BASE_URL", "http://127.0.0.1:11434/v1/"}});
  EXPECT_EQ(read.problems, "");
  ASSERT_EQ(read.config.providers.size(), 1U);
  EXPECT_EQ(read.config.providers[0].base_url, "http://127.0.0.1:11434/v1");
  EXPECT_TRUE(read.config.providers[0].any_model);
  EXPECT_THAT(read.config.chain, ElementsAre("openai"));
}

TEST(ConfigTest, OffersTheModelsThatAreListed) {
  const Read read = From({{"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"},
                          {"DRAMATIS_OPENAI_MODELS", "llama3:8b@8192, qwen"},
                          {"DRAMATIS_MODEL", "openai/qwen, local"}});
  EXPECT_EQ(read.problems, "");
  EXPECT_FALSE(read.config.providers[0].any_model);
  EXPECT_EQ(*read.config.providers[0].models.front().window_tokens, 8192);
  EXPECT_THAT(read.config.chain, ElementsAre("openai/qwen", "local"));
}

TEST(ConfigTest, RefusesAModelThatNobodyHas) {
  EXPECT_THAT(From({{"DRAMATIS_MODEL", "openai/gpt-4o"}}).problems, HasSubstr("DRAMATIS_MODEL"));
  EXPECT_THAT(From({{"OPENAI_API_KEY", "sk"}, {"DRAMATIS_MODEL", "openai/llama"}}).problems,
              HasSubstr("DRAMATIS_MODEL"));
  EXPECT_THAT(From({{"DRAMATIS_MODEL", "other"}}).problems, HasSubstr("DRAMATIS_MODEL"));
}

TEST(ConfigTest, TheVariablesThatUsersKnowMakeAProviderEach) {
  const Read read = From({{"ANTHROPIC_API_KEY", "a"},
                          {"GEMINI_API_KEY", "b"},
                          {"GROQ_API_KEY", "c"},
                          {"MISTRAL_API_KEY", "d"},
                          {"OPENROUTER_API_KEY", "e"},
                          {"AZURE_OPENAI_API_KEY", "f"},
                          {"AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com/"},
                          {"AWS_BEARER_TOKEN_BEDROCK", "g"},
                          {"AWS_REGION", "eu-central-1"},
                          {"OLLAMA_HOST", "0.0.0.0"}});
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(read.config.chain, ElementsAre("anthropic"));
  EXPECT_EQ(Named(read, "anthropic").base_url, "https://api.anthropic.com");
  EXPECT_EQ(Named(read, "anthropic").auth, Auth::kXApiKey);
  EXPECT_EQ(Named(read, "anthropic").api, Api::kAnthropic);
  EXPECT_EQ(Named(read, "gemini").base_url,
            "https://generativelanguage.googleapis.com/v1beta/openai");
  EXPECT_EQ(Named(read, "gemini").key.value, "b");
  EXPECT_EQ(Named(read, "azure").base_url, "https://me.openai.azure.com/openai/v1");
  EXPECT_EQ(Named(read, "azure").auth, Auth::kApiKey);
  EXPECT_EQ(Named(read, "bedrock").base_url,
            "https://bedrock-runtime.eu-central-1.amazonaws.com/anthropic");
  EXPECT_EQ(Named(read, "bedrock").auth, Auth::kBearer);
  EXPECT_EQ(Named(read, "ollama").base_url, "http://127.0.0.1:11434/v1");
  EXPECT_TRUE(Named(read, "ollama").any_model);
  EXPECT_FALSE(Named(read, "anthropic").any_model);
}

// What is offered where nobody chose is there: the catalogue knows it, and it is not withdrawn.
TEST(ConfigTest, WhatIsOfferedByDefaultIsInTheCatalogue) {
  for (const KnownProvider& known : KnownProviders()) {
    if (known.models.empty() || known.name == "openrouter") continue;
    for (const auto& model : absl::StrSplit(std::string(known.models), ',')) {
      EXPECT_TRUE(Catalogue().Find({std::string(known.name)}, std::string(model)).has_value())
          << known.name << "/" << model;
    }
  }
}

TEST(ConfigTest, WhoRunsItMayNameAnyModelThatTheCatalogueKnows) {
  const Read read =
      From({{"ANTHROPIC_API_KEY", "a"},
            {"OPENROUTER_API_KEY", "b"},
            {"DRAMATIS_MODEL", "anthropic/claude-opus-5, openrouter/some/model, anthropic"}});
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(Names(Named(read, "anthropic")), testing::Contains("claude-opus-5"));
  EXPECT_THAT(Names(Named(read, "openrouter")), testing::Contains("some/model"));
  EXPECT_THAT(From({{"ANTHROPIC_API_KEY", "a"}, {"DRAMATIS_MODEL", "anthropic/gpt-4o"}}).problems,
              HasSubstr("DRAMATIS_MODEL names, as number 1, a model of the provider anthropic"));
  EXPECT_THAT(From({{"ANTHROPIC_API_KEY", "a"}, {"DRAMATIS_MODEL", "local, antropic/x"}}).problems,
              HasSubstr("number 2, a provider that is not set up; there are anthropic, local"));
}

TEST(ConfigTest, AProviderWithoutADefaultModelHasToBeToldOne) {
  EXPECT_THAT(From({{"OLLAMA_HOST", "127.0.0.1"}}).problems,
              HasSubstr("DRAMATIS_MODEL must name a model of ollama, as ollama/<model>"));
  const Read read = From({{"OLLAMA_HOST", "127.0.0.1"}, {"DRAMATIS_MODEL", "ollama/llama3.2"}});
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(From({{"OLLAMA_HOST", "127.0.0.1"}, {"DRAMATIS_MODEL", "ollama"}}).problems,
              HasSubstr("no default model"));
}

TEST(ConfigTest, SaysWhatAProviderLacks) {
  EXPECT_THAT(From({{"AZURE_OPENAI_API_KEY", "a"}}).problems,
              HasSubstr("AZURE_OPENAI_ENDPOINT must be set where AZURE_OPENAI_API_KEY is"));
  EXPECT_THAT(From({{"AWS_BEARER_TOKEN_BEDROCK", "a"}}).problems,
              HasSubstr("AWS_REGION must name a region"));
  EXPECT_THAT(From({{"DRAMATIS_MODELS_FILE", "/nowhere"}}).problems,
              HasSubstr("DRAMATIS_MODELS_FILE cannot be used: cannot read /nowhere"));
}

TEST(ConfigTest, ReadsProvidersFromAFile) {
  const std::string secret = Written("provider_secret", "k1\n");
  const std::string file = Written("providers.yaml", R"(
providers:
  - name: mine
    baseUrl: http://127.0.0.1:1/v1/
    secret: file:)" + secret + R"(
    models: [llama3, "qwen@8192@0.1/0.2"]
    query: {api-version: 2025-04-01-preview}
    maxConcurrent: 8
  - {name: claude, dialect: anthropic, auth: bearer, secret: "env:CLAUDE"}
  - {name: aws, dialect: anthropic, auth: sigv4, region: eu-central-1}
  - {name: mantle, auth: sigv4, region: eu-central-1}
)");
  const Read read = From({{"DRAMATIS_PROVIDERS_FILE", file}, {"CLAUDE", "k2"}});
  EXPECT_EQ(read.problems, "");
  EXPECT_THAT(read.config.chain, ElementsAre("mine"));
  const ProviderConfig mine = Named(read, "mine");
  EXPECT_EQ(mine.base_url, "http://127.0.0.1:1/v1");
  EXPECT_EQ(mine.key.value, "k1");
  EXPECT_EQ(mine.key.reference, "file:" + secret);
  EXPECT_THAT(Names(mine), ElementsAre("llama3", "qwen"));
  EXPECT_EQ(mine.query, "api-version=2025-04-01-preview");
  EXPECT_EQ(mine.max_concurrent, 8);
  EXPECT_FALSE(mine.any_model);
  const ProviderConfig claude = Named(read, "claude");
  EXPECT_EQ(claude.base_url, "https://api.anthropic.com");
  EXPECT_EQ(claude.auth, Auth::kBearer);
  EXPECT_EQ(claude.key.value, "k2");
  EXPECT_THAT(claude.catalogue, ElementsAre("claude", "anthropic"));
  EXPECT_TRUE(claude.any_model);
  EXPECT_EQ(Named(read, "aws").base_url,
            "https://bedrock-runtime.eu-central-1.amazonaws.com/anthropic");
  EXPECT_EQ(Named(read, "aws").auth, Auth::kSigV4);
  EXPECT_THAT(Named(read, "aws").catalogue, ElementsAre("aws", "bedrock"));
  EXPECT_EQ(Named(read, "mantle").base_url,
            "https://bedrock-mantle.eu-central-1.api.aws/openai/v1");
}

TEST(ConfigTest, SaysWhichProviderOfTheFileIsWrongAndHow) {
  const std::string file = Written("providers_wrong.yaml", R"(
providers:
  - {name: a, dialect: cohere, baseUrl: "ftp://x", auth: digest, maxConcurrent: none, models: []}
  - {name: b, secret: "file:/nowhere/key"}
  - {name: b, keys: 1}
  - {name: "No Name"}
  - {name: c, secret: "sk-123"}
  - {name: openai}
  - {name: local}
  - {name: d, auth: sigv4}
  - {name: e, region: "a/b"}
)");
  const std::string problems =
      From({{"DRAMATIS_PROVIDERS_FILE", file}, {"OPENAI_API_KEY", "sk"}}).problems;
  for (const char* const problem :
       {"a: dialect must be one of openai, anthropic, local", "a: baseUrl must be",
        "a: auth must be one of", "a: maxConcurrent must be", "a: models must be",
        "b: secret cannot read /nowhere/key: No such file", "b: has a field that is not known",
        "b: is there twice", "provider 4: name must be", "c: secret must begin with",
        "d: region must be set", "e: region must be a region",
        "openai: is also set up by OPENAI_API_KEY", "local: is the built-in model's name"}) {
    EXPECT_THAT(problems, HasSubstr(std::string("DRAMATIS_PROVIDERS_FILE ") + problem));
  }
  EXPECT_THAT(problems, Not(HasSubstr("sk-123")));
}

TEST(ConfigTest, OfABrokenFileTellsItsOwnMistakesAlone) {
  for (const std::string text : {"providers: [{name: mine, models: [\"a@b\"]}]", "providers: [",
                                 "providers: [{nam: mine}]", "providers: [{name: local}]"}) {
    const std::string file = Written("broken.yaml", text);
    for (const char* const model : {"", "mine/a", "mine"}) {
      const std::string problems = From({{"DRAMATIS_PROVIDERS_FILE", file},
                                         {"DRAMATIS_MODEL", model},
                                         {"DRAMATIS_EMBEDDER", "mine/embed"}})
                                       .problems;
      EXPECT_THAT(problems, HasSubstr("DRAMATIS_PROVIDERS_FILE"));
      EXPECT_THAT(problems, Not(HasSubstr("DRAMATIS_MODEL"))) << text << " " << model;
      EXPECT_THAT(problems, Not(HasSubstr("DRAMATIS_EMBEDDER"))) << text << " " << model;
    }
  }
}

TEST(ConfigTest, SaysThatAFileIsNoYaml) {
  const auto problems = [](const std::string& text) {
    return From({{"DRAMATIS_PROVIDERS_FILE", Written("no.yaml", text)}}).problems;
  };
  EXPECT_THAT(problems("providers: [\n"), HasSubstr("is not YAML, at line"));
  EXPECT_THAT(problems("- a\n"), HasSubstr("must be a mapping with the one field `providers`"));
  EXPECT_THAT(From({{"DRAMATIS_PROVIDERS_FILE", "/nowhere"}}).problems,
              HasSubstr("DRAMATIS_PROVIDERS_FILE cannot be used: cannot read "));
}

TEST(ConfigTest, TakesAnOllamaHostAsOllamaDoes) {
  for (const auto& [host, url] :
       {std::pair{"127.0.0.1", "http://127.0.0.1:11434"},
        {"0.0.0.0:1234", "http://127.0.0.1:1234"},
        {"https://ollama.example.org/", "https://ollama.example.org:11434"},
        {"http://h:80/x", "http://h:80/x"},
        {"[::1]", "http://[::1]:11434"}}) {
    EXPECT_EQ(OllamaUrl(host), url);
  }
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
