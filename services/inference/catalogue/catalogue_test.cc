#include "services/inference/catalogue/catalogue.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>

#include "gtest/gtest.h"
#include "shared/time/clock.h"

namespace dramatis::inference {
namespace {

std::optional<ModelFacts> Known(const std::string& provider, const std::string& name) {
  return Catalogue().Find({provider}, name);
}

ModelFacts Described(const std::string& spec) {
  return Describe(*ParseModelSpec(spec), Catalogue(), {"openai"});
}

TEST(CatalogueTest, KnowsModelsAlsoUnderADatedName) {
  const std::optional<ModelFacts> model = Known("openai", "gpt-4o-2031-08-06");
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->name, "gpt-4o-2031-08-06");
  EXPECT_EQ(model->window_tokens, 128'000);
  EXPECT_EQ(model->prices, Known("openai", "gpt-4o")->prices);
  EXPECT_FALSE(Known("openai", "llama3:8b").has_value());
  EXPECT_FALSE(Known("openai", "gpt-4o-realtime").has_value());
  EXPECT_FALSE(Known("anthropic", "gpt-4o").has_value());
}

TEST(CatalogueTest, KnowsADatedModelThatCostsSomethingElse) {
  EXPECT_EQ(Known("openai", "gpt-4o-2024-05-13")->prices, (Prices{5, 15}));
}

TEST(CatalogueTest, KnowsWhatAModelCostsTakesAndThinks) {
  const std::optional<ModelFacts> opus = Known("anthropic", "claude-opus-5-5");
  ASSERT_TRUE(opus.has_value());
  EXPECT_EQ(opus->prices, (Prices{.input = 4, .output = 20, .cached = 0.2, .written = 5}));
  EXPECT_FALSE(opus->sampling);
  EXPECT_EQ(opus->thinking, Thinking::kAlways);
  EXPECT_EQ(opus->max_output_tokens, 128'000);
  EXPECT_EQ(Known("openai", "gpt-4o-mini")->deprecated, "2027-01-14");
  EXPECT_EQ(Known("openai", "gpt-4o-mini")->thinking, Thinking::kNever);
}

TEST(CatalogueTest, KnowsAnInferenceProfileByItsModel) {
  EXPECT_EQ(Known("bedrock", "au.anthropic.claude-opus-5-5")->window_tokens, 1'000'000);
  EXPECT_FALSE(Known("bedrock", "arn:aws:bedrock:eu-west-1:1:inference-profile/x").has_value());
}

TEST(CatalogueTest, ReadsASpecWithWindowAndPrices) {
  const ModelFacts model = Described("llama3.1:8b@8192@0.05/0.08/0.01");
  EXPECT_EQ(model.name, "llama3.1:8b");
  EXPECT_EQ(model.window_tokens, 8192);
  EXPECT_EQ(model.prices, (Prices{0.05, 0.08, 0.01}));
}

TEST(CatalogueTest, TakesWhatTheSpecLeavesOutFromTheCatalogue) {
  EXPECT_EQ(Described("gpt-4o-mini").window_tokens, 128'000);
  EXPECT_EQ(Described("gpt-4o-mini@9000").prices, Known("openai", "gpt-4o-mini")->prices);
  EXPECT_EQ(Described("mystery").window_tokens, kUnknownWindow);
  EXPECT_TRUE(Described("mystery").sampling);
}

class OwnFile : public testing::Test {
 protected:
  void Write(const std::string& text) {
    std::ofstream(path_, std::ios::trunc) << text;
    // The clock of some file systems is coarser than two writes are apart.
    std::filesystem::last_write_time(
        path_, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(++writes_));
  }
  const std::string path_ = testing::TempDir() + "/own_models.json";
  int writes_ = 0;
  FakeClock clock_;
};

TEST_F(OwnFile, StandsInForWhatIsBuiltIn) {
  Write(R"({"providers":{"mine":{"m":{"window":9000,"inputMicros":250000}},
                         "openai":{"gpt-4o":{"window":1000}}}})");
  Catalogue catalogue(path_, clock_);
  ASSERT_TRUE(catalogue.Reload().ok());
  EXPECT_EQ(catalogue.Find({"mine"}, "m")->prices.input, 0.25);
  EXPECT_EQ(catalogue.Find({"openai"}, "gpt-4o")->window_tokens, 1000);
  EXPECT_EQ(catalogue.Find({"openai"}, "gpt-4o-mini")->window_tokens, 128'000);
}

TEST_F(OwnFile, IsReadAgainAndKeptWhereItBreaks) {
  Write(R"({"providers":{"mine":{"m":{"window":9000}}}})");
  Catalogue catalogue(path_, clock_);
  ASSERT_TRUE(catalogue.Reload().ok());
  Write(R"({"providers":{"mine":{"m":{"window":7000}}}})");
  EXPECT_EQ(catalogue.Find({"mine"}, "m")->window_tokens, 9000);
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(catalogue.Find({"mine"}, "m")->window_tokens, 7000);
  Write("{");
  clock_.Advance(absl::Seconds(5));
  EXPECT_EQ(catalogue.Find({"mine"}, "m")->window_tokens, 7000);
}

TEST_F(OwnFile, IsRefusedWhereItIsMissing) {
  EXPECT_FALSE(Catalogue("/nowhere/models.json", clock_).Reload().ok());
}

TEST(ModelTableTest, SaysWhatIsMalformed) {
  const auto refused = [](const char* entry) {
    return std::string(ModelTable::Parse(std::string(R"({"providers":{"p":{"m":)") + entry + "}}}")
                           .status()
                           .message());
  };
  EXPECT_EQ(refused("{}"), "");
  EXPECT_EQ(refused("1"), "m must be an object");
  EXPECT_EQ(refused(R"({"windows":1})"), "m.windows is not known");
  EXPECT_NE(refused(R"({"window":1})"), "");
  EXPECT_NE(refused(R"({"inputMicros":-1})"), "");
  EXPECT_NE(refused(R"({"thinking":"often"})"), "");
  EXPECT_NE(refused(R"({"sampling":1})"), "");
  EXPECT_FALSE(ModelTable::Parse("[]").ok());
  EXPECT_FALSE(ModelTable::Parse("{").ok());
}

TEST(CatalogueTest, TakesNamesWithSlashesAndAtSigns) {
  EXPECT_EQ(ParseModelSpec("@cf/meta/llama-3@4096")->name, "@cf/meta/llama-3");
  EXPECT_EQ(ParseModelSpec("@cf/meta/llama-3")->name, "@cf/meta/llama-3");
  EXPECT_EQ(ParseModelSpec("meta-llama/Llama-3-8B@4096@1/2")->name, "meta-llama/Llama-3-8B");
}

TEST(CatalogueTest, RefusesAMalformedSpec) {
  for (const char* const spec : {"", "a@", "a@many", "a@10", "a@8192@1", "a@8192@1/x",
                                 "a@8192@1/-2", "a@8192@1/2/3/4", "a@8192@nan/1"}) {
    EXPECT_FALSE(ParseModelSpec(spec).ok()) << spec;
  }
}

TEST(CatalogueTest, CountsCostInMillionthsOfADollar) {
  const Prices prices = {.input = 0.15, .output = 0.60, .cached = 0.075};
  EXPECT_EQ(CostMicros(prices, {.input_tokens = 1000, .output_tokens = 100, .cached_tokens = 0}),
            210);
  EXPECT_EQ(CostMicros(prices, {.input_tokens = 1000, .output_tokens = 100, .cached_tokens = 400}),
            180);
  EXPECT_EQ(CostMicros({}, {.input_tokens = 1000, .output_tokens = 100, .cached_tokens = 0}), 0);
}

TEST(CatalogueTest, TakesTheInputPriceForCachedTokensWhereNoneIsKnown) {
  EXPECT_EQ(CostMicros({.input = 1, .output = 0, .cached = 0},
                       {.input_tokens = 10, .output_tokens = 0, .cached_tokens = 10}),
            10);
}

// As Anthropic bills: what is read from the cache costs a tenth, what is written a quarter more.
TEST(CatalogueTest, CostsWhatWasWrittenToACacheAtItsOwnPrice) {
  const Prices prices = {.input = 3, .output = 15, .cached = 0.3, .written = 3.75};
  EXPECT_EQ(CostMicros(prices, {.input_tokens = 3000,
                                .output_tokens = 100,
                                .cached_tokens = 1000,
                                .written_tokens = 1000}),
            3000 + 300 + 3750 + 1500);
}

TEST(CatalogueTest, TakesTheInputPriceForWrittenTokensWhereNoneIsKnown) {
  EXPECT_EQ(CostMicros({.input = 2}, {.input_tokens = 10, .written_tokens = 4}), 20);
}

TEST(CatalogueTest, CountsMoreThan32BitsHold) {
  constexpr int kMost = std::numeric_limits<int>::max();
  EXPECT_EQ(
      CostMicros({.input = 1000, .output = 1000}, {.input_tokens = kMost, .output_tokens = kMost}),
      int64_t{2000} * kMost);
}

}  // namespace
}  // namespace dramatis::inference
